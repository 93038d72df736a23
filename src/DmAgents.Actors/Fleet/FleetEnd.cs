using Akka;
using Akka.Actor;
using Akka.Cluster;

namespace DmAgents.Actors.Fleet;

/// <summary>The end of a fleet's actor system: only leaving, a downing or <see cref="Terminate"/> ends it.</summary>
/// <remarks>Akka's transport runs the coordinated shutdown of the whole system when one outbound TLS handshake fails
/// (<c>TcpHandlers</c>, since 1.5.53). A peer that restarts at that moment, or whose certificate has expired, would
/// take this host out of its fleet. A coordinated shutdown cannot be revoked. A shutdown for that reason therefore
/// waits in its first phase, in which nothing has ended yet, until the system is to end.</remarks>
internal sealed class FleetEnd
{
    private readonly ActorSystem _system;
    private readonly TaskCompletionSource<CoordinatedShutdown.Reason> _wanted =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FleetEnd(ActorSystem system) => _system = system;

    /// <summary>The phase that waits. Its timeout must exceed the lifetime of any system.</summary>
    public const string Phase = CoordinatedShutdown.PhaseBeforeServiceUnbind;

    /// <summary>Must be called before the system dials its first peer.</summary>
    public static FleetEnd Of(ActorSystem system)
    {
        var end = new FleetEnd(system);
        CoordinatedShutdown.Get(system).AddTask(Phase, "is-wanted", end.IsWantedAsync);
        // While a shutdown waits, the cluster's own call at its end has no effect.
        Cluster.Get(system).RegisterOnMemberRemoved(
            () => end._wanted.TrySetResult(CoordinatedShutdown.ClusterDowningReason.Instance));
        return end;
    }

    /// <summary>Completes when the system has ended, with the reason for operators.</summary>
    public async Task<string> EndedAsync()
    {
        await _system.WhenTerminated.ConfigureAwait(false);
        var reason = CoordinatedShutdown.Get(_system).ShutdownReason;
        if (!IsEnd(reason) && _wanted.Task.IsCompletedSuccessfully)
            reason = await _wanted.Task.ConfigureAwait(false);
        return reason switch
        {
            CoordinatedShutdown.ClusterDowningReason => "the fleet removed this host",
            CoordinatedShutdown.ClusterLeavingReason => "the host left the fleet",
            _ => "the fleet's actor system ended by itself",
        };
    }

    /// <summary>Hands over, leaves and ends; each phase has its own deadline.</summary>
    public Task LeaveAsync() => Run(CoordinatedShutdown.ClusterLeavingReason.Instance);

    /// <summary>Starts the end and does not wait for it.</summary>
    public void Terminate() => _ = Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);

    private Task<Done> Run(CoordinatedShutdown.Reason reason)
    {
        var run = CoordinatedShutdown.Get(_system).Run(reason);
        _wanted.TrySetResult(reason);
        return run;
    }

    private async Task<Done> IsWantedAsync()
    {
        if (!IsEnd(CoordinatedShutdown.Get(_system).ShutdownReason))
            await _wanted.Task.ConfigureAwait(false);
        return Done.Instance;
    }

    private static bool IsEnd(CoordinatedShutdown.Reason? reason) => reason is
        CoordinatedShutdown.ClusterDowningReason or CoordinatedShutdown.ClusterLeavingReason
        or CoordinatedShutdown.ActorSystemTerminateReason;
}
