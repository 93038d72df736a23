using System.Collections.Immutable;
using System.Net;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Configuration;

/// <summary>What the configuration says about a fleet. Without a membership none of it is used.</summary>
/// <param name="Address">Where other hosts reach this one; null: the operator names it when the host joins.</param>
/// <param name="Listen">What to listen on; null: the address.</param>
/// <param name="Seeds">Hosts that are asked for the fleet; empty: the members that the host has learned of.</param>
public sealed record FleetSection(MemberAddress? Address, IPAddress? Listen, ImmutableArray<MemberAddress> Seeds)
{
    public static FleetSection Default { get; } = new(Address: null, Listen: null, Seeds: []);

    /// <summary>After how long the first seed makes a fleet of its own although other seeds do not answer. Null:
    /// never.</summary>
    public TimeSpan? FormAfter { get; init; }

    /// <summary>For how long the authority gives a host its certificate.</summary>
    public TimeSpan CertificateLife { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long "fleet init" and "fleet join" wait for the fleet to let the host in. The host keeps trying
    /// behind them.</summary>
    public TimeSpan JoinPatience { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How often a member asks the authority for revocations besides the moments when members come and
    /// go.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What this host sends of layers in a second at most; null: no limit.</summary>
    public ByteSize? TransferRate { get; init; }

    /// <summary>The database of the fleet's entities; null: this host takes no part in them.</summary>
    public FleetDatabase? Database { get; init; }

    /// <summary>How often it is looked at.</summary>
    public DatabaseTimes DatabaseTimes { get; init; } = DatabaseTimes.Default;

    /// <summary>How many hosts are to have an image, unless an operator says another number.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>A lost host's copies count for this long; then others are made.</summary>
    public TimeSpan RestoreAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Between two looks at an entity that has something under way.</summary>
    internal TimeSpan Look { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A copy of which nothing is heard for so long is given up: twelve looks.</summary>
    internal TimeSpan CopyLease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often the host says what it has.</summary>
    internal AnnounceTimes Announce { get; init; } = AnnounceTimes.Default;

    /// <summary>HOCON that stands before that of the fleet's actor system; of a test.</summary>
    internal string Overrides { get; init; } = "";

    public PeerLayersSection Layers { get; init; } = new();

    public FleetTimes Times { get; init; } = FleetTimes.Default;
}

/// <summary>How containerd gets layers from other hosts.</summary>
public sealed record PeerLayersSection
{
    public bool On { get; init; } = true;

    /// <summary>How long a pull waits for hosts that do not say whether they have a layer.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>If less than 2 MiB of a layer come in this time, it is given up.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(10);
}
