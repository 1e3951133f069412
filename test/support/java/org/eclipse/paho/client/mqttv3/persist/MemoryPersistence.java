package org.eclipse.paho.client.mqttv3.persist;

public class MemoryPersistence {}
