import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.message.MessageReader;
import io.cloudevents.kafka.KafkaMessageFactory;
import io.cloudevents.types.Time;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Everything a topic holds as the CloudEvents SDK reads it, a JSON line each: HOST:PORT TOPIC. */
public final class ReadCloudEvents {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] given) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", given[0]);
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      List<TopicPartition> parts = new ArrayList<>();
      for (PartitionInfo one : consumer.partitionsFor(given[1])) {
        parts.add(new TopicPartition(given[1], one.partition()));
      }
      consumer.assign(parts);
      consumer.seekToBeginning(parts);
      Map<TopicPartition, Long> ends = consumer.endOffsets(parts);
      while (parts.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          out.println(read(record));
        }
      }
    }
  }

  private static ObjectNode read(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode said = JSON.createObjectNode();
    said.put("partition", record.partition()).put("offset", record.offset());
    try {
      MessageReader reader = KafkaMessageFactory.createReader(record);
      CloudEvent event = reader.toEvent();
      said.put("mode", reader.getEncoding().name().toLowerCase());
      ObjectNode attributes = said.putObject("attributes");
      for (String name : event.getAttributeNames()) {
        attributes.put(name, text(event.getAttribute(name)));
      }
      for (String name : event.getExtensionNames()) {
        attributes.put(name, text(event.getExtension(name)));
      }
      said.put("data", event.getData() == null ? null : event.getData().toBytes());
    } catch (RuntimeException refusal) {
      said.removeAll().put("partition", record.partition()).put("offset", record.offset());
      said.put("refused", String.valueOf(refusal.getMessage()));
    }
    return said;
  }

  private static String text(Object value) {
    return value instanceof OffsetDateTime time ? Time.writeTime(time) : String.valueOf(value);
  }
}
