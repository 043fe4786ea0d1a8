//! What stands around the columns in an Arrow file of one batch. Arrow's own writer takes a whole batch in memory.

use std::error::Error;
use std::sync::Arc;

use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::FileWriter;
use arrow_ipc::{
    Block, Buffer, FieldNode, FooterBuilder, MessageBuilder, MessageHeader, MetadataVersion,
    RecordBatchBuilder,
};
use arrow_schema::{DataType, Field, FieldRef, Schema, TimeUnit};
use flatbuffers::FlatBufferBuilder;

/// Columns begin at multiples of this many bytes, counted from the file's beginning.
pub(crate) const BODY_ALIGNMENT: u64 = 64;
/// Open, high, low, close and volume.
const PRICES: i32 = 5;
const MAGIC: &[u8] = b"ARROW1";
/// A message that says that none follows.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// The file's schema, whose metadata has one entry.
pub(crate) fn schema(key: &str, label: &str) -> Schema {
    let number: FieldRef = Arc::new(Field::new("item", DataType::Float64, false));
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let fields = vec![
        Field::new("instrument", DataType::UInt32, false),
        Field::new("time", time, false),
        Field::new("ohlcv", DataType::FixedSizeList(number, PRICES), false),
    ];
    Schema::new_with_metadata(fields, [(key, label)])
}

/// Everything but the columns.
pub(crate) struct Frame {
    /// Before the first column.
    pub(crate) head: Vec<u8>,
    /// After the last one and its padding.
    pub(crate) end: Vec<u8>,
    /// Footer, its length, and the magic word.
    pub(crate) tail: Vec<u8>,
}

impl Frame {
    /// For columns of so many rows and bytes.
    pub(crate) fn new(
        key: &str,
        label: &str,
        rows: u64,
        lengths: [u64; 3],
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let schema = schema(key, label);
        // Magic word and schema, as Arrow's own writer begins.
        let mut head = FileWriter::try_new(Vec::new(), &schema)?.get_ref().clone();
        let start = head.len() as u64;
        let (message, body) = batch(i64::try_from(rows)?, lengths)?;
        // With the message's prefix and padding, so that the body is aligned.
        let length = (start + 8 + message.len() as u64).next_multiple_of(BODY_ALIGNMENT) - start;
        head.extend([0xff; 4]);
        head.extend(i32::try_from(length - 8)?.to_le_bytes());
        head.extend(&message);
        head.resize(usize::try_from(start + length)?, 0);
        let block = Block::new(i64::try_from(start)?, i32::try_from(length)?, body);
        let mut tail = footer(&schema, block);
        let footer = i32::try_from(tail.len())?;
        tail.extend(footer.to_le_bytes());
        tail.extend(MAGIC);
        Ok(Self { head, end: END.to_vec(), tail })
    }
}

/// The message before the columns, and the length of all of them.
fn batch(rows: i64, lengths: [u64; 3]) -> Result<(Vec<u8>, i64), Box<dyn Error + Send + Sync>> {
    let mut at = 0;
    let mut buffers = Vec::new();
    for (column, length) in lengths.into_iter().enumerate() {
        let nothing = Buffer::new(i64::try_from(at)?, 0);
        // No row lacks a value, and neither does a list of prices.
        buffers.push(nothing);
        if column == 2 {
            buffers.push(nothing);
        }
        buffers.push(Buffer::new(i64::try_from(at)?, i64::try_from(length)?));
        at += length.next_multiple_of(BODY_ALIGNMENT);
    }
    let body = i64::try_from(at)?;
    let prices = rows.checked_mul(PRICES.into()).ok_or("too many rows")?;
    let nodes = [rows, rows, rows, prices].map(|length| FieldNode::new(length, 0));
    let mut builder = FlatBufferBuilder::new();
    let (buffers, nodes) = (builder.create_vector(&buffers), builder.create_vector(&nodes));
    let mut batch = RecordBatchBuilder::new(&mut builder);
    batch.add_length(rows);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    let batch = batch.finish().as_union_value();
    let mut message = MessageBuilder::new(&mut builder);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(MessageHeader::RecordBatch);
    message.add_bodyLength(body);
    message.add_header(batch);
    let message = message.finish();
    builder.finish(message, None);
    Ok((builder.finished_data().to_vec(), body))
}

fn footer(schema: &Schema, block: Block) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let dictionaries = builder.create_vector::<Block>(&[]);
    let batches = builder.create_vector(&[block]);
    let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut builder, schema);
    let mut footer = FooterBuilder::new(&mut builder);
    footer.add_version(MetadataVersion::V5);
    footer.add_schema(schema);
    footer.add_dictionaries(dictionaries);
    footer.add_recordBatches(batches);
    let footer = footer.finish();
    builder.finish(footer, None);
    builder.finished_data().to_vec()
}
