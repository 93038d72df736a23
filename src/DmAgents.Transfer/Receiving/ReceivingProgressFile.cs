using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>A receiver's progress as bytes, for a file or a row of the journal.</summary>
/// <remarks>Little endian. Magic (8 bytes), version (2), content digest (32), whether there is a base (1), its digest
/// (32), device size (8), file system (1), number of ranges (4) and each of them (8 and 8), XXH128 of all before (16).
/// </remarks>
public static class ReceivingProgressFile
{
    private const ushort Version = 1;
    private const int ChecksumLength = 16;

    private static ReadOnlySpan<byte> Magic => "DMPROGRS"u8;

    public static byte[] Write(ReceivingProgress progress)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var fields = new FieldWriter(bytes);
        fields.Bytes(Magic);
        fields.UInt16(Version);
        fields.Digest(progress.Content);
        fields.Flag(progress.Base is not null);
        if (progress.Base is { } origin)
            fields.Digest(origin);
        RecordFormat.WriteShape(fields, progress.Shape);
        fields.UInt32((uint)progress.Verified.Ranges.Length);
        foreach (var range in progress.Verified.Ranges)
            fields.Range(range);
        fields.UInt128(XxHash128.HashToUInt128(bytes.WrittenSpan));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a progress. Fails if its version is unknown or a byte of it differs from what was
    /// written.</summary>
    /// <param name="reason">What is wrong with it, as text for the operator.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ReceivingProgress? progress,
        [NotNullWhen(false)] out string? reason)
    {
        (progress, reason) = (null, null);
        if (bytes.Length < Magic.Length + sizeof(ushort) + ChecksumLength || !bytes.StartsWith(Magic))
        {
            reason = "it is no progress of a transfer";
            return false;
        }
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[Magic.Length..]);
        if (version != Version)
            reason = $"it is a progress of version {version}; this agent reads version {Version}";
        else if (XxHash128.HashToUInt128(bytes[..^ChecksumLength])
            != BinaryPrimitives.ReadUInt128LittleEndian(bytes[^ChecksumLength..]))
            reason = "it has another checksum";
        if (reason is not null)
            return false;
        try
        {
            progress = Read(bytes[(Magic.Length + sizeof(ushort))..^ChecksumLength]);
            return true;
        }
        catch (WireException e)
        {
            reason = e.Message;
            return false;
        }
    }

    private static ReceivingProgress Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader("progress", bytes);
        var content = fields.Digest();
        var origin = fields.Flag() ? fields.Digest() : (Domain.Layers.ContentDigest?)null;
        var shape = RecordFormat.ReadShape(ref fields);
        var ranges = new PieceRange[fields.Count(int.MaxValue, 16)];
        for (var i = 0; i < ranges.Length; i++)
            ranges[i] = fields.Range();
        fields.End();
        return new ReceivingProgress(content, origin, shape, PieceSet.Of(ranges));
    }
}
