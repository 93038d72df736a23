using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Tests.Fleet.Simulation;

/// <summary>A host: what is on its disk survives, what its fleet system knows ends with the incarnation.</summary>
internal sealed class VirtualHost(HostName name)
{
    private readonly Dictionary<string, (object? Content, ulong Sequence)> _said = [];

    public HostName Name { get; } = name;

    // The disk.
    public ulong Incarnation { get; private set; } = 1;

    public bool HasImage { get; set; }

    public ContainerEpoch? Container { get; set; }

    /// <summary>None of this epoch or a lower one is made any more.</summary>
    public ContainerEpoch LastEpoch { get; set; }

    // Until the incarnation ends.
    public bool IsDown { get; set; }

    public ulong LastCopy { get; set; }

    /// <summary>Being copied, and when it will be there.</summary>
    public (CopyId Id, long Done)? Copying { get; set; }

    /// <summary>What it asks of the fleet for its copy.</summary>
    public HoldingKind? Asks { get; set; }

    public long AskedAt { get; private set; }

    public ImageHolding? Holding(Digest config) => HasImage
        ? new ImageHolding(config, Asks ?? HoldingKind.Whole, InUse: Container is not null)
        : Copying is null ? null : new ImageHolding(config, HoldingKind.Incomplete, InUse: false);

    /// <summary>The stamp of what it says to an entity: another only if it says something else.</summary>
    public Stamp StampOf(string entity, object? content)
    {
        var (before, sequence) = _said.GetValueOrDefault(entity);
        if (sequence == 0 || !Equals(before, content))
            sequence++;
        _said[entity] = (content, sequence);
        return new Stamp(new Incarnation(Incarnation), sequence);
    }

    /// <summary>Begins to ask whether its copy may go. Each question has a stamp of its own, also if it is the same as
    /// the one before: an answer to that one comes too late.</summary>
    public void Ask(HoldingKind kind, long now)
    {
        (Asks, AskedAt) = (kind, now);
        if (_said.TryGetValue("image", out var said))
            _said["image"] = (new object(), said.Sequence);
    }

    public bool IsLatest(string entity, Stamp stamp) =>
        stamp.Incarnation.Number == Incarnation && _said.GetValueOrDefault(entity).Sequence == stamp.Sequence;

    public void BeginAnew()
    {
        Incarnation++;
        (Copying, Asks, LastCopy) = (null, null, 0);
        _said.Clear();
    }
}
