using System.Collections.Immutable;
using System.Net;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Configuration;

/// <summary>The fleet section of the configuration. Without a membership none of it is used.</summary>
/// <param name="Address">The address at which other hosts reach this one; null: the operator names it when the host
/// joins.</param>
/// <param name="Listen">The address to listen on; null: <paramref name="Address"/>.</param>
/// <param name="Seeds">Hosts that this host asks to join the fleet; empty: the members known so far.</param>
public sealed record FleetSection(MemberAddress? Address, IPAddress? Listen, ImmutableArray<MemberAddress> Seeds)
{
    public static FleetSection Default { get; } = new(Address: null, Listen: null, Seeds: []);

    /// <summary>After this time the first seed forms a fleet of its own although other seeds do not answer. Null:
    /// never.</summary>
    public TimeSpan? FormAfter { get; init; }

    /// <summary>The lifetime of certificates that the authority issues.</summary>
    public TimeSpan CertificateLife { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long "fleet init" and "fleet join" wait until the fleet admits the host. The host keeps trying
    /// afterwards.</summary>
    public TimeSpan JoinPatience { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How often a member asks the authority for revocations, besides each time members come or go.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Maximum rate at which this host sends layers, in bytes per second; null: no limit.</summary>
    public ByteSize? TransferRate { get; init; }

    /// <summary>The database of the fleet's entities; null: this host takes no part in them.</summary>
    public FleetDatabase? Database { get; init; }

    /// <summary>How often the database is probed.</summary>
    public DatabaseTimes DatabaseTimes { get; init; } = DatabaseTimes.Default;

    /// <summary>The number of hosts that should have an image, unless an operator sets another number.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>A lost host's copies count for this long; then replacements are made.</summary>
    public TimeSpan RestoreAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Interval of looks at an entity with work under way.</summary>
    internal TimeSpan Look { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A copy without a report for this long is given up: twelve looks.</summary>
    internal TimeSpan CopyLease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often the host announces what it has.</summary>
    internal AnnounceTimes Announce { get; init; } = AnnounceTimes.Default;

    /// <summary>HOCON that takes precedence over that of the fleet's actor system; for tests.</summary>
    internal string Overrides { get; init; } = "";

    public PeerLayersSection Layers { get; init; } = new();

    public FleetTimes Times { get; init; } = FleetTimes.Default;
}

/// <summary>How containerd gets layers from other hosts.</summary>
public sealed record PeerLayersSection
{
    public bool On { get; init; } = true;

    /// <summary>How long a pull waits for hosts that do not answer whether they have a layer.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A transfer that brings less than 2 MiB of a layer in this time is abandoned.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(10);
}
