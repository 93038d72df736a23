using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Simulation;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A kernel call that the test makes fail.</summary>
/// <param name="Call">Its number, counted from <see cref="Steps.Arm"/>.</param>
/// <param name="AfterEffect">The kernel does it, but reports a failure to the agent.</param>
internal sealed record FailedCall(int Call, KernelFault Fault, bool AfterEffect);

/// <summary>
/// Counts the moments at which a crash makes a difference, and kills the agent at one of them. Such a crash point
/// follows each change of kernel or journal, and has its name. Dying before a change, or among read-only calls, equals
/// dying after the previous change.
/// </summary>
internal sealed class Steps
{
    private readonly List<string> _points = [];
    private int _dieAfter = int.MaxValue;
    private FailedCall? _failed;

    /// <summary>The crash points passed so far: the kernel's method, or the event that became durable.</summary>
    public IReadOnlyList<string> Points => _points;

    /// <summary>The number of kernel calls so far, including read-only ones.</summary>
    public int Calls { get; private set; }

    public bool Dead { get; private set; }

    /// <summary>Restarts the count.</summary>
    /// <param name="dieAfter">The agent dies after this number of changes; null: never.</param>
    /// <param name="failed">A call to fail.</param>
    public void Arm(int? dieAfter = null, FailedCall? failed = null)
    {
        _points.Clear();
        (Calls, Dead) = (0, false);
        _dieAfter = dieAfter ?? int.MaxValue;
        _failed = failed;
    }

    /// <exception cref="AgentDiedException">The agent is dead, or dies at this point.</exception>
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

    /// <summary>How the next call must fail; null if it must not.</summary>
    public FailedCall? NextCall() => _failed?.Call == Calls++ ? _failed : null;
}

/// <summary>The kernel, with a crash or a failure at the armed steps.</summary>
internal sealed class SteppedKernel(SimulatedKernel inner, Steps steps) : KernelDecorator(inner)
{
    /// <summary>The suffix of a crash point within a call.</summary>
    public const string Begins = ", begun";

    private static readonly HashSet<string> Looks =
    [
        nameof(PoolStatus), nameof(ListThins), nameof(MeasureThins), nameof(Find), nameof(ListDevices),
        nameof(MappedBytes), nameof(Holders), nameof(Mounts), nameof(Inspect), nameof(Read), nameof(InspectFile),
        nameof(CheckMetadata), nameof(UsedInodes), nameof(MeasureAboveOrigins), nameof(OwnBlocks),
        nameof(ChangedRanges), nameof(OpenForReading), nameof(OpenForReceiving),
        nameof(Compare), nameof(MountAt),
    ];

    /// <summary>The calls since the steps were armed, for the message of a failing test.</summary>
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
