using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>What an operator wants of a pool's metadata.</summary>
internal sealed record MendAsked(PoolPicture Pool, MetadataSource Source, DevicePath? Into, bool Force);

/// <summary>What a repair would do.</summary>
internal enum MendAction
{
    /// <summary>The metadata are sound, and the pool only has to be opened anew.</summary>
    Reopen,

    /// <summary>They are sound, and the kernel's mark that demands a check is removed.</summary>
    ClearMark,

    /// <summary>Others take their place.</summary>
    Replace,
}

/// <summary>What would become of a device.</summary>
internal enum MendFate
{
    /// <summary>The new metadata do not have it.</summary>
    Lost,

    /// <summary>They map less of it than before.</summary>
    Short,

    /// <summary>It is lost at present, and they have it.</summary>
    Back,

    /// <summary>They have it, and the journal does not know it.</summary>
    Unknown,
}

/// <summary>A device that would not be as it is.</summary>
/// <param name="Key">Null if the journal does not know it.</param>
internal sealed record MendedThin(ThinId Id, DeviceKey? Key, MendFate Fate)
{
    /// <summary>How much of a short one is mapped, and would be.</summary>
    public ByteSize Before { get; init; }

    public ByteSize After { get; init; }
}

/// <summary>Where metadata are.</summary>
/// <param name="Text">The file, or the disks, for people.</param>
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

/// <summary>What came of trying it out.</summary>
/// <param name="Source">Of what the metadata would be made.</param>
/// <param name="Present">Where the present ones are.</param>
/// <param name="TransactionId">That of the metadata that the pool would have.</param>
/// <param name="JournalTransactionId">The one that the journal expects at present.</param>
internal sealed record MendTrial(
    PoolName Pool, MetadataSource Source, MendAction Action, MetadataPlace Present, TransactionId TransactionId,
    TransactionId JournalTransactionId)
{
    /// <summary>thin_check's words about the present ones; empty if they are sound, or were not looked at.</summary>
    public string Verdict { get; init; } = "";

    /// <summary>Where the new ones would be; null if none are needed, or there is no place.</summary>
    public MetadataPlace? Place { get; init; }

    /// <summary>What the pool would be made of; null if nothing has to be replaced, or there is no place.</summary>
    public PoolBacking? Next { get; init; }

    /// <summary>Why it cannot be executed; null if it can.</summary>
    public Refusal? Obstacle { get; init; }

    /// <summary>How many devices would be as they are.</summary>
    public int Whole { get; init; }

    /// <summary>All others, the lost ones first.</summary>
    public ImmutableArray<MendedThin> Devices { get; init; } = [];

    /// <summary>What the operator has to know first, in sentences.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    public ImmutableArray<PlannedStep> Steps { get; init; } = [];
}
