using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>An operator's request about a pool's metadata.</summary>
internal sealed record MetadataRepairAsked(PoolPicture Pool, MetadataSource Source, DevicePath? Into, bool Force);

/// <summary>What a repair would do.</summary>
internal enum RepairAction
{
    /// <summary>The metadata are sound; the pool only has to be reopened.</summary>
    Reopen,

    /// <summary>The metadata are sound; the kernel's needs-check mark is removed.</summary>
    ClearMark,

    /// <summary>The metadata are replaced.</summary>
    Replace,
}

/// <summary>The effect on a device.</summary>
internal enum RepairFate
{
    /// <summary>The new metadata do not have the device.</summary>
    Lost,

    /// <summary>The new metadata map less of the device than before.</summary>
    Short,

    /// <summary>The device is lost at present, and the new metadata have it.</summary>
    Back,

    /// <summary>The new metadata have the device, and the journal does not know it.</summary>
    Unknown,
}

/// <summary>A device that would change.</summary>
/// <param name="Key">Null if the journal does not know it.</param>
internal sealed record AffectedThin(ThinId Id, DeviceKey? Key, RepairFate Fate)
{
    /// <summary>How much of a shortened device is mapped, and would be.</summary>
    public ByteSize Before { get; init; }

    public ByteSize After { get; init; }
}

/// <summary>The location of metadata.</summary>
/// <param name="Text">The file, or the disks, for operators.</param>
internal sealed record MetadataPlace(string Text, ByteSize Size)
{
    public static MetadataPlace Of(PoolBacking backing) => backing switch
    {
        PoolBacking.LoopFiles files => new(files.Metadata.File.Value, files.Metadata.Size),
        PoolBacking.Disks disks => new(
            string.Join(", ", disks.Metadata.Select(part => part.Disk.Value).Distinct()),
            disks.Metadata.Aggregate(ByteSize.Zero, (sum, part) => sum + part.Length.Bytes)),
        _ => new("", ByteSize.Zero),
    };
}

/// <summary>The result of a trial.</summary>
/// <param name="Source">The source of the new metadata.</param>
/// <param name="Present">The location of the present metadata.</param>
/// <param name="TransactionId">The transaction id of the metadata that the pool would have.</param>
/// <param name="JournalTransactionId">The one that the journal expects at present.</param>
internal sealed record MetadataRepairTrial(
    PoolName Pool, MetadataSource Source, RepairAction Action, MetadataPlace Present, TransactionId TransactionId,
    TransactionId JournalTransactionId)
{
    /// <summary>Output of thin_check for the present metadata; empty if they are sound, or were not checked.</summary>
    public string Verdict { get; init; } = "";

    /// <summary>The location of the new metadata; null if none are needed, or there is no place.</summary>
    public MetadataPlace? Place { get; init; }

    /// <summary>The pool's backing afterwards; null if nothing has to be replaced, or there is no place.</summary>
    public PoolBacking? Next { get; init; }

    /// <summary>Why the repair cannot be executed; null if it can.</summary>
    public Refusal? Obstacle { get; init; }

    /// <summary>Number of devices that would not change.</summary>
    public int Whole { get; init; }

    /// <summary>All other devices, the lost ones first.</summary>
    public ImmutableArray<AffectedThin> Devices { get; init; } = [];

    /// <summary>What the operator must know first, in sentences.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    public ImmutableArray<PlannedStep> Steps { get; init; } = [];
}
