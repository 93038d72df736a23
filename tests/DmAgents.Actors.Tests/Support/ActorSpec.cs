using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Actors.Tests.Support;

/// <summary>
/// A host, the lives of agents on it, and an actor system for the test's own probes. Fails where an agent logged an
/// error that the test did not expect.
/// </summary>
public abstract class ActorSpec : TestKit
{
    private static readonly Config Quiet = ConfigurationFactory.ParseString(
        """
        akka { loglevel = ERROR, stdout-loglevel = OFF, log-dead-letters = off }
        akka.test { default-timeout = 60s, single-expect-default = 60s }
        """)
        .WithFallback(ActorsConfig.Default);

    private readonly List<AgentLife> _lives = [];

    protected ActorSpec()
        : base(ShakenThreads.Settings.WithFallback(Quiet), "client") => Parent = CreateTestProbe("parent");

    /// <summary>Hears what the pool tells its parent.</summary>
    protected TestProbe Parent { get; }

    internal ActorHost Host { get; private set; } = new();

    /// <summary>Waits short enough for a test, and no status that a test did not ask for.</summary>
    internal static PoolSettings Settings { get; } = new()
    {
        StatusInterval = TimeSpan.FromHours(1),
        OutcomeDelay = TimeSpan.FromMilliseconds(Shake.IsOn ? 300 : 20),
        RetryInterval = TimeSpan.FromMilliseconds(40),
        StopDeadline = TimeSpan.FromMinutes(1),
        ProjectionDelay = TimeSpan.Zero,
    };

    /// <summary>How much of it the journal keeps.</summary>
    internal JournalSettings History { get; set; } = new(KeepEvents: null);

    /// <summary>From here on the test is about another host, on which nothing has been.</summary>
    internal void MoveToNewHost() => Host = new ActorHost();

    /// <summary>An agent starts, with no pool yet.</summary>
    internal AgentLife Live(PoolSettings? settings = null)
    {
        var life = new AgentLife(Host, settings ?? Settings, History);
        _lives.Add(life);
        return life;
    }

    /// <summary>An agent starts, and its pool's actor with it.</summary>
    internal AgentLife LiveWithPool(PoolSettings? settings = null)
    {
        var life = Live(settings);
        life.StartPool(Parent);
        return life;
    }

    /// <summary>An agent with an open, empty pool.</summary>
    internal async Task<AgentLife> Opened(PoolSettings? settings = null)
    {
        var life = LiveWithPool(settings);
        await life.Done(Ask.ToInitialize);
        return life;
    }

    /// <summary>The next agent after one that died, and its pool open.</summary>
    internal async Task<AgentLife> Reopened(PoolSettings? settings = null)
    {
        var life = LiveWithPool(settings);
        await life.IsOpen();
        return life;
    }

    /// <summary>Journal, pool and live devices come to agree.</summary>
    internal Task Agrees(AgentLife life) => Eventually.Empty(() => Broken(life));

    /// <summary>Nothing is under way, and nothing is left to be written. Or the pool's actor has stopped.</summary>
    internal Task Settled(AgentLife life) => Eventually.Empty(() => Broken(life)
        .Concat(StateText.Replayed(Host.Journal) == StateText.Of(life.State) ? [] : ["the journal is behind"])
        .TakeWhile(_ => !life.PoolHasStopped.IsCompleted));

    private IEnumerable<string> Broken(AgentLife life)
    {
        var picture = life.Picture;
        return Agreement.Broken(Host, picture.Phase, picture.Reason, picture.State.Journaled, picture.Problems);
    }

    /// <summary>Makes a layer above another, or above the base.</summary>
    internal static async Task<DeviceRecord> MakeLayer(AgentLife life, string name, DeviceKey? parent = null)
    {
        await life.Done(Ask.Create($"making-{name}", parent));
        return (await life.Done(Ask.Commit($"making-{name}", Ask.Layer(name)))).Layer!;
    }

    protected override void AfterAll()
    {
        foreach (var life in _lives)
            life.Die().Wait(TimeSpan.FromSeconds(10));
        base.AfterAll();
        Assert.Empty(_lives.SelectMany(life => life.Log.UnexpectedErrors));
    }
}
