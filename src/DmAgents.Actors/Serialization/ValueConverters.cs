using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Serialization;

/// <summary>A value type of the domain as one JSON string or number.</summary>
internal abstract class TextConverter<T>(Func<T, string> write, Func<string, T> read) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        read(reader.GetString() ?? throw new JsonException($"a {typeof(T).Name} is missing"));

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(write(value));
}

internal abstract class NumberConverter<T>(Func<T, ulong> write, Func<ulong, T> read) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        read(reader.GetUInt64());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(write(value));

    public override T ReadAsPropertyName(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        read(ulong.Parse(reader.GetString()!, NumberStyles.None, CultureInfo.InvariantCulture));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(write(value).ToString(CultureInfo.InvariantCulture));
}

internal sealed class ThinIdConverter() : NumberConverter<ThinId>(id => id.Value, n => new ThinId(checked((uint)n)));

internal sealed class ByteSizeConverter() : NumberConverter<ByteSize>(size => size.Bytes, n => new ByteSize(n));

internal sealed class SectorCountConverter() : NumberConverter<SectorCount>(c => c.Value, n => new SectorCount(n));

internal sealed class TransactionIdConverter()
    : NumberConverter<TransactionId>(id => id.Value, n => new TransactionId(n));

internal sealed class PoolBlockSizeConverter()
    : NumberConverter<PoolBlockSize>(size => size.Bytes.Bytes, n => new PoolBlockSize(new ByteSize(n)));

internal sealed class PoolUuidConverter()
    : TextConverter<PoolUuid>(id => id.ToString(), text => new PoolUuid(Guid.ParseExact(text, "D")));

internal sealed class RequestIdConverter()
    : TextConverter<RequestId>(id => id.ToString(), text => new RequestId(Guid.ParseExact(text, "D")));

internal sealed class PoolNameConverter() : TextConverter<PoolName>(name => name.Value, text => new PoolName(text));

internal sealed class ImageReferenceConverter()
    : TextConverter<ImageReference>(reference => reference.Value, text => new ImageReference(text));

internal sealed class DevicePathConverter() : TextConverter<DevicePath>(p => p.Value, text => new DevicePath(text));

internal sealed class FormatNameConverter() : TextConverter<FormatName>(n => n.Value, text => new FormatName(text));

internal sealed class ContentDigestConverter()
    : TextConverter<ContentDigest>(digest => digest.ToString(), ContentDigest.Parse);

internal sealed class MountPathConverter() : TextConverter<MountPath>(p => p.Value, text => new MountPath(text));

internal sealed class LoopFileConverter() : TextConverter<LoopFile>(file => file.Value, text => new LoopFile(text));

internal sealed class MappedNameConverter() : TextConverter<MappedName>(n => n.Value, text => new MappedName(text));

internal sealed class DeviceKeyConverter() : TextConverter<DeviceKey>(
    key => key.ToString(),
    text => DeviceKey.TryParse(text, out var key) ? key : throw new JsonException($"'{text}' is not a device's key"));

internal sealed class BackupNameConverter() : TextConverter<BackupName>(
    name => name.ToString(),
    text => BackupName.TryParse(text, out var name) ? name : throw new JsonException($"'{text}': {BackupName.Rule}"));
