using System.Collections.Immutable;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Metadata at rest, and copies of them.</summary>
/// <remarks>A superblock stands for all of a pool's metadata, so that a copy of it is a copy of them.</remarks>
public sealed partial class SimulatedKernel
{
    private const string TextStart = "<!-- simulated ";

    public KernelResult ClearNeedsCheck(DevicePath metadata) =>
        AtRest("thin_check", metadata, () => CheckMetadata(metadata).Then(() =>
            WriteMetadata(metadata, MetadataOf(metadata)! with { NeedsCheck = false })));

    public KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape)
    {
        var repaired = Repaired(damaged, into, shape);
        return repaired.Succeeded ? MetadataRepair.ByProgram : repaired.Error;
    }

    private KernelResult Repaired(DevicePath damaged, DevicePath into, MetadataShape shape) =>
        AtRest("thin_repair", damaged, () =>
        {
            var saved = SuperblockOf(damaged) switch
            {
                PoolMetadata sound => sound,
                DamagedMetadata found => found.WhatCanBeSaved(shape),
                _ => null,
            };
            return saved is null
                ? Failed("thin_repair", damaged, "no compatible roots found")
                : Place("thin_repair", saved, into);
        });

    public KernelResult<MetadataContent> ReadMetadata(DevicePath metadata)
    {
        lock (_gate)
        {
            return MetadataOf(metadata) is { } found
                ? ContentOf(found, found.Thins)
                : Failed("read metadata", metadata, "block 0: its checksum is wrong");
        }
    }

    public KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start)
    {
        lock (_gate)
        {
            var first = new byte[Superblocks.Length];
            var read = Read(device, start.Bytes, first);
            return !read.Succeeded ? read.Error
                : _superblocks.Decode(first) is PoolMetadata found
                    ? new MetadataLayout(
                        found.BlockSize, found.DataBlocks, new ByteSize(found.MetadataBlocks * BlockStore.PageSize))
                    : Failed("read metadata", device, "block 0: its checksum is wrong");
        }
    }

    public KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into)
    {
        var at = ByteSize.Zero;
        foreach (var segment in from)
        {
            var first = new byte[BlockStore.PageSize];
            var copied = Read(segment.Device, segment.Start.Bytes, first).Then(() => Write(into, at, first));
            if (!copied.Succeeded)
                return copied;
            at += segment.Length.Bytes;
        }
        return KernelResult.Done;
    }

    public KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into)
    {
        var dumped = WithHeld<MetadataContent>(pool, MetadataReading.Now, (held, metadata) =>
        {
            var written = metadata with { Held = null, NeedsCheck = false };
            into.Write(Encoding.ASCII.GetBytes(
                $"<superblock uuid=\"\" time=\"{metadata.Time}\" transaction=\"{metadata.TransactionId}\" "
                + $"flags=\"0\" nr_data_blocks=\"{metadata.DataBlocks}\">\n"
                + $"{TextStart}{Convert.ToHexString(_superblocks.Encode(written))} -->\n</superblock>\n"));
            return ContentOf(metadata, held);
        });
        return _missingPrograms.Contains("thin_dump") ? Missing("thin_dump", pool) : dumped;
    }

    public KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding = false) =>
        AtRest("thin_restore", into, () =>
    {
        _blockDevices.DeleteFile(scratch);
        using var reader = new StreamReader(text, Encoding.ASCII, leaveOpen: true);
        var whole = reader.ReadToEnd();
        var start = whole.IndexOf(TextStart, StringComparison.Ordinal);
        var end = whole.IndexOf(" -->", StringComparison.Ordinal);
        return start >= 0 && end > start && whole.TrimEnd().EndsWith("</superblock>", StringComparison.Ordinal)
            && _superblocks.Decode(Convert.FromHexString(whole[(start + TextStart.Length)..end])) is PoolMetadata found
            ? Place("thin_restore", found with { DataBlocks = shape.DataBlocks }, into)
            : Failed("thin_restore", into, "XML parse error");
    });

    /// <summary>Blocks of the metadata are overwritten. thin_check finds it, and a repair does not find these devices.
    /// </summary>
    public void DamageMetadata(DevicePath metadata, params ImmutableArray<ThinId> lost) =>
        Damage(metadata, found => new DamagedMetadata(found, lost, HasSuperblock: true));

    /// <summary>The superblock is overwritten: what else there is does not say what pool it belongs to.</summary>
    public void DamageSuperblock(DevicePath metadata) =>
        Damage(metadata, found => new DamagedMetadata(found, [], HasSuperblock: false));

    /// <summary>The mark of an operation on the metadata that failed.</summary>
    public void MarkNeedsCheck(DevicePath metadata)
    {
        lock (_gate)
            WriteMetadata(metadata, MetadataOf(metadata)! with { NeedsCheck = true });
    }

    private void Damage(DevicePath metadata, Func<PoolMetadata, DamagedMetadata> damage) =>
        WithDevice(metadata, device =>
        {
            var found = MetadataOf(metadata)
                ?? throw new ArgumentException($"{metadata} has no pool metadata", nameof(metadata));
            device.Write(0, _superblocks.Encode(damage(found)));
            device.Flush();
        });

    /// <summary>The programs open their devices for themselves alone.</summary>
    private KernelResult AtRest(string program, DevicePath metadata, Func<KernelResult> run)
    {
        lock (_gate)
        {
            return _missingPrograms.Contains(program) ? Missing(program, metadata)
                : Locate(metadata) is not { } device ? Failed(program, metadata, "No such file or directory")
                : device.InUse ? Failed(program, metadata, "Device or resource busy")
                : run();
        }
    }

    private KernelResult Place(string program, PoolMetadata metadata, DevicePath into)
    {
        if (Locate(into) is not { } device)
            return Failed(program, into, "Output file does not exist");
        var blocks = Math.Min(device.Length, SimulatedPool.MaxMetadataBytes) / BlockStore.PageSize;
        return device.InUse ? Failed(program, into, "Device or resource busy")
            : blocks < metadata.UsedMetadata ? Failed(program, into, "out of metadata space")
            : WriteMetadata(into, metadata with { MetadataBlocks = blocks, Held = null, NeedsCheck = false });
    }

    private KernelResult WriteMetadata(DevicePath device, PoolMetadata metadata) =>
        Write(device, ByteSize.Zero, _superblocks.Encode(metadata));

    private PoolMetadata? MetadataOf(DevicePath metadata) => SuperblockOf(metadata) as PoolMetadata;

    private object? SuperblockOf(DevicePath metadata)
    {
        Span<byte> first = new byte[Superblocks.Length];
        return Read(metadata, ByteSize.Zero, first).Succeeded ? _superblocks.Decode(first) : null;
    }

    private static MetadataContent ContentOf(
        PoolMetadata metadata, ImmutableSortedDictionary<uint, ThinRecord> thins) => new(
        metadata.TransactionId, metadata.BlockSize, metadata.NeedsCheck, [.. UsageOf(thins, metadata, measure: false)]);

    private static KernelError Failed(string program, object subject, string words) =>
        new(KernelFault.Failed, 0, program, subject.ToString()!, words);

    private static KernelError Missing(string program, object subject) =>
        new(KernelFault.NotSupported, 0, program, subject.ToString()!, "it is not installed");

    /// <summary>Metadata of which blocks were overwritten.</summary>
    private sealed record DamagedMetadata(PoolMetadata Was, ImmutableArray<ThinId> Lost, bool HasSuperblock)
    {
        public PoolMetadata WhatCanBeSaved(MetadataShape shape)
        {
            var saved = Lost.Aggregate(Was with { Held = null }, (metadata, id) =>
                metadata.Thins.ContainsKey(id.Value) ? metadata.WithoutThin(id.Value) : metadata);
            return HasSuperblock ? saved : saved with { TransactionId = shape.TransactionId };
        }
    }
}
