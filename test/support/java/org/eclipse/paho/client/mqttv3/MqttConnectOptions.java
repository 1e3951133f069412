package org.eclipse.paho.client.mqttv3;

public class MqttConnectOptions {
  public static final int MQTT_VERSION_3_1_1 = 4;
  private int version;
  private boolean clean;
  private String user;
  private char[] password;

  public void setMqttVersion(int version) throws IllegalArgumentException {
    this.version = version;
  }

  public void setCleanSession(boolean clean) {
    this.clean = clean;
  }

  public void setUserName(String user) {
    this.user = user;
  }

  public void setPassword(char[] password) {
    this.password = password;
  }

  boolean isGood() {
    return version == 4 && clean && "till-1".equals(user) && "secret".equals(new String(password));
  }
}
