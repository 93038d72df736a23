using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Hosts;

/// <summary>Makes pools check their status as soon as the kernel signals a device-mapper event of theirs.</summary>
public sealed class PoolWatch(IKernel kernel, PoolBoard board)
{
    /// <summary>Bounds each wait: if the kernel never signals, the cost is one check per wait.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Between two checks: each reads the list of all devices, and pools' devices come and go all the
    /// time.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Watches until it is stopped. Needs a thread of its own.</summary>
    /// <returns>Why it cannot watch; null if it was stopped. The pools' regular checks continue in any case.</returns>
    public KernelError? Run(CancellationToken stop)
    {
        var opened = kernel.WatchEvents();
        if (!opened.Succeeded)
            return opened.Error;
        using var events = opened.Value;
        while (!stop.IsCancellationRequested)
        {
            var changed = events.Wait(LongestWait, stop);
            if (!changed.Succeeded)
                return changed.Error;
            foreach (var pool in board.All.Where(p => DeviceOf(p) is { } device && changed.Value.Contains(device)))
                pool.Actor.Tell(PoolMessages.LookAtStatus.Instance, Akka.Actor.ActorRefs.Nobody);
            stop.WaitHandle.WaitOne(Pause);
        }
        return null;
    }

    private static MappedName? DeviceOf(PoolPicture pool) => pool.State.Identity?.Backing switch
    {
        null => null,
        PoolBacking.Existing existing => existing.Pool,
        _ => DeviceNames.Pool(pool.Name),
    };
}
