package org.eclipse.paho.client.mqttv3;

public class MqttException extends Exception {
  public MqttException(int reasonCode) {
    super("reason code " + reasonCode);
  }
}
