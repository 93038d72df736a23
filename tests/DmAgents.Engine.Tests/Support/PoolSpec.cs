using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;

namespace DmAgents.Engine.Tests.Support;

/// <summary>A host, and the lives of a pool on it.</summary>
public abstract class PoolSpec
{
    private readonly WorkUnderWay _work = new();

    internal PoolHost Host { get; private set; } = new();

    /// <summary>From here on the test uses another host, an empty one.</summary>
    internal void MoveToNewHost() => Host = new PoolHost();

    /// <summary>As in production, except that the status is read only on a test's request.</summary>
    internal static PoolSettings Settings { get; } = new() { StatusInterval = TimeSpan.FromHours(1) };

    /// <summary>A pool's machine that starts from the journal.</summary>
    internal PoolLife Live(PoolSettings? settings = null) => new(Host, settings ?? Settings, _work);

    /// <summary>A machine with an open, empty pool.</summary>
    internal PoolLife Opened(PoolSettings? settings = null)
    {
        var life = Live(settings);
        life.Done(Ask.ToInitialize);
        return life;
    }

    /// <summary>The next machine after a death, with its pool open.</summary>
    internal PoolLife Reopened(PoolSettings? settings = null)
    {
        var life = Live(settings);
        life.RunUntil(() => life.Machine.Phase == PoolPhase.Open, () => $"the pool is {life.Machine.Phase}");
        return life;
    }

    /// <summary>Waits until journal, pool and live devices agree.</summary>
    internal void Agrees(PoolLife life)
    {
        List<string> broken = [];
        life.RunUntil(() => (broken = Broken(life)).Count == 0, () => string.Join("\n", broken));
    }

    /// <summary>As <see cref="Agrees"/>, with nothing left to write.</summary>
    internal void Settled(PoolLife life)
    {
        Agrees(life);
        life.Pass(Settings.OutcomeDelay);
        Agrees(life);
    }

    /// <summary>The journal has such an event.</summary>
    internal bool IsJournaled<TEvent>()
        where TEvent : PoolEvent => Host.Journal.Any(happened => happened is TEvent);

    /// <summary>Makes a layer above another, or above the base.</summary>
    internal static DeviceRecord MakeLayer(PoolLife life, string name, DeviceKey? parent = null)
    {
        life.Done(Ask.Create($"making-{name}", parent));
        return life.Done(Ask.Commit($"making-{name}", Ask.Layer(name))).Layer!;
    }

    private List<string> Broken(PoolLife life) => [.. Agreement.Broken(
        Host, life.Machine.Phase, life.Machine.Reason, life.State, life.Machine.DeviceProblems)];
}
