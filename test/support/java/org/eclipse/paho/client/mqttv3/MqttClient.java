package org.eclipse.paho.client.mqttv3;

import java.nio.file.*;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/**
 * What the example of protocol/README.md uses of Paho's client 1.2.5 (which Debian does not have),
 * so that it is compiled and run by a test: a message that is published becomes a file.
 */
public class MqttClient {
  private final Path published = Path.of(System.getenv("PUBLISHED"));
  private final long most = Long.parseLong(System.getenv("PUBLISHED_MAX"));

  public MqttClient(String serverUri, String clientId, MemoryPersistence persistence) throws MqttException {
    if (!serverUri.equals("tcp://127.0.0.1:1883") || !clientId.equals("till-1")) throw new MqttException(3);
  }

  public void connect(MqttConnectOptions options) throws MqttException {
    if (!options.isGood()) throw new MqttException(4);
  }

  public void subscribe(String topic, int qos, IMqttMessageListener listener) throws MqttException {
    if (!topic.equals("pos/v1/till-1/problems") || qos != 1) throw new MqttException(128);
  }

  public void publish(String topic, byte[] payload, int qos, boolean retained) throws MqttException {
    if (!topic.equals("pos/v1/till-1/transactions") || qos != 1 || retained) throw new MqttException(128);
    try (var files = Files.list(published)) {
      long count = files.count();
      if (count >= most) throw new MqttException(32109);
      Files.write(published.resolve(count + ".json"), payload);
    } catch (java.io.IOException cause) {
      throw new MqttException(6);
    }
  }

  public void disconnect() throws MqttException {}

  public void close() throws MqttException {}
}
