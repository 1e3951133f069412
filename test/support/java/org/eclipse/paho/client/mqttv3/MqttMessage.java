package org.eclipse.paho.client.mqttv3;

public class MqttMessage {}
