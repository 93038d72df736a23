using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Simulation;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A kernel call that is made to fail.</summary>
/// <param name="Call">Which, counted from the moment of <see cref="Steps.Arm"/>.</param>
/// <param name="AfterEffect">The kernel does it, and the agent is told that it failed.</param>
internal sealed record FailedCall(int Call, KernelFault Fault, bool AfterEffect);

/// <summary>
/// Counts the moments at which a crash makes a difference, and dies at one of them. Such a crash point follows each
/// change of kernel or journal, and has its name; dying before a change, or among calls that only look, is dying after
/// the change before.
/// </summary>
internal sealed class Steps
{
    private readonly List<string> _points = [];
    private int _dieAfter = int.MaxValue;
    private FailedCall? _failed;

    /// <summary>The crash points passed so far: the kernel's method, or the event that became durable.</summary>
    public IReadOnlyList<string> Points => _points;

    /// <summary>Kernel calls so far, also those that only look.</summary>
    public int Calls { get; private set; }

    public bool Dead { get; private set; }

    /// <summary>Counts anew.</summary>
    /// <param name="dieAfter">The agent dies after so many changes; never, where that is null.</param>
    /// <param name="failed">A call to fail.</param>
    public void Arm(int? dieAfter = null, FailedCall? failed = null)
    {
        _points.Clear();
        (Calls, Dead) = (0, false);
        _dieAfter = dieAfter ?? int.MaxValue;
        _failed = failed;
    }

    /// <exception cref="AgentDiedException">The agent is dead, or it is its time.</exception>
    public void Alive()
    {
        Dead |= _points.Count >= _dieAfter;
        if (Dead)
            throw new AgentDiedException();
    }

    public void Changed(string point)
    {
        _points.Add(point);
        Alive();
    }

    /// <summary>How the call that comes is to fail; null for one that is not to.</summary>
    public FailedCall? NextCall() => _failed?.Call == Calls++ ? _failed : null;
}

/// <summary>The kernel, with a crash or a failure where the steps want one.</summary>
internal sealed class SteppedKernel(SimulatedKernel inner, Steps steps) : KernelDecorator(inner)
{
    /// <summary>What the name of a crash point ends with that lies in the midst of a call.</summary>
    public const string Begins = ", begun";

    private static readonly HashSet<string> Looks =
    [
        nameof(PoolStatus), nameof(ListThins), nameof(MeasureThins), nameof(Find), nameof(ListDevices),
        nameof(MappedBytes), nameof(Holders), nameof(Mounts), nameof(Inspect), nameof(Read), nameof(InspectFile),
        nameof(CheckMetadata), nameof(UsedInodes), nameof(MeasureAboveOrigins), nameof(OwnBlocks),
        nameof(ChangedRanges), nameof(OpenForReading), nameof(OpenForReceiving),
        nameof(Compare), nameof(MountAt),
    ];

    /// <summary>What was called since the steps were armed, for the message of a failing test.</summary>
    public List<KernelCall> Log { get; } = [];

    protected override KernelError? Around(KernelCall call, Func<KernelError?> run)
    {
        steps.Alive();
        Log.Add(call);
        var failed = steps.NextCall();
        var error = failed is { AfterEffect: false } ? null : run();
        if (failed is not null)
            error = new KernelError(failed.Fault, 0, call.Operation, call.Subject, "by the test's order");
        if (!Looks.Contains(call.Operation))
            steps.Changed(call.Operation);
        return error;
    }

    protected override void Begun(string operation, MappedName name, MappedUuid uuid)
    {
        if (inner.LeaveWithoutTable(name, uuid))
            steps.Changed(operation + Begins);
    }
}
