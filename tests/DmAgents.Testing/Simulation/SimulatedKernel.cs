using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>
/// Device-mapper thin provisioning, mounts and loop devices in memory, behind the same port as the real kernel and
/// under the same contract.
/// </summary>
/// <remarks>
/// An agent that dies changes nothing here: devices, mounts and suspended state stay, as in a real kernel.
/// <see cref="PowerCut"/> is the other crash. Without randomness but for a seed; the clock only bounds waits. Files
/// in mounted file systems are reached by <see cref="WriteFile"/> and its neighbours.
/// </remarks>
public sealed partial class SimulatedKernel : IKernel
{
    private readonly object _gate = new();
    private readonly Superblocks _superblocks = new();
    private readonly SimulatedBlockDevices _blockDevices = new();
    private readonly MappedDeviceTable _mapped = new();
    private readonly HashSet<string> _missingPrograms = new(StringComparer.Ordinal);
    private SimulatedMounts _mounts;
    private int _boots;

    public SimulatedKernel() => _mounts = new SimulatedMounts(_superblocks);

    /// <summary>How long a call waits for a suspended device or a frozen file system, before it is TimedOut. The real
    /// kernel waits for ever.</summary>
    public TimeSpan WaitLimit { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long writers wait for a full pool that queues (module parameter no_space_timeout).</summary>
    public TimeSpan NoSpaceTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Runs a call; one that must wait lets others in meanwhile and is tried again when something changed.
    /// </summary>
    private KernelResult Run(string operation, object subject, Func<Errno> call)
    {
        lock (_gate)
        {
            var errno = Settle(call);
            Monitor.PulseAll(_gate);
            return errno == Errno.None ? KernelResult.Done : Refused(errno, operation, subject);
        }
    }

    private KernelResult<T> Run<T>(string operation, object subject, Func<(Errno Errno, T? Value)> call)
    {
        T? value = default;
        var outcome = Run(operation, subject, () =>
        {
            (var errno, value) = call();
            return errno;
        });
        return outcome.Succeeded ? value! : outcome.Error;
    }

    private Errno Settle(Func<Errno> attempt)
    {
        var started = Environment.TickCount64;
        var boot = _boots;
        while (true)
        {
            var errno = attempt();
            if (errno is not (Errno.Blocked or Errno.BlockedBySpace))
                return errno;
            var limit = errno == Errno.BlockedBySpace ? NoSpaceTimeout : WaitLimit;
            var left = (long)limit.TotalMilliseconds - (Environment.TickCount64 - started);
            if (left > 0)
                Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left));
            else if (errno == Errno.Blocked)
                return Errno.TimedOut;
            else
                StopQueueing();
            if (_boots != boot)
                return Errno.Io;
        }
    }

    /// <summary>The wait for space is over: whoever waits is answered, and finds an error.</summary>
    private void StopQueueing()
    {
        foreach (var pool in Pools())
            pool.StopQueueing();
        Monitor.PulseAll(_gate);
    }

    private IEnumerable<SimulatedPool> Pools() =>
        _mapped.All.Select(device => device.Target).OfType<PoolTarget>().Select(target => target.Pool);

    private static KernelError Refused(Errno errno, string operation, object subject, string detail = "") =>
        new(errno.Fault(), (int)errno, operation, subject.ToString()!, detail);
}
