using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Faults;

/// <summary>
/// Any kernel, with what tests do to it: a log of the calls, failures before or after the effect, calls held midway,
/// and the death of the caller at any step.
/// </summary>
public sealed class FaultyKernel(IKernel inner) : KernelDecorator(inner)
{
    private readonly object _gate = new();
    private readonly List<KernelCall> _calls = [];
    private readonly List<Plan> _plans = [];
    private readonly List<CallGate> _gates = [];
    private int _steps;
    private int? _dieAt;
    private bool _dead;

    /// <summary>Runs before each call, outside of any lock. What it throws reaches the caller; the call is not made.
    /// </summary>
    public Action<KernelCall>? BeforeCall { get; set; }

    /// <summary>Runs after each call that was made, whatever came of it. What it throws reaches the caller.</summary>
    public Action<KernelCall>? AfterCall { get; set; }

    /// <summary>Every call so far, also those that were made to fail.</summary>
    public IReadOnlyList<KernelCall> CallLog
    {
        get
        {
            lock (_gate)
                return [.. _calls];
        }
    }

    /// <summary>Boundaries passed so far: two for each call, before and after it.</summary>
    public int Steps
    {
        get
        {
            lock (_gate)
                return _steps;
        }
    }

    /// <summary>Gates that no call has come to yet.</summary>
    public IReadOnlyList<CallGate> Gates
    {
        get
        {
            lock (_gate)
                return [.. _gates];
        }
    }

    public void ClearCallLog()
    {
        lock (_gate)
            _calls.Clear();
    }

    /// <summary>Lets the next calls of an operation fail.</summary>
    /// <param name="operation">The port's method.</param>
    /// <param name="fault">What the caller is told.</param>
    /// <param name="count">How many calls.</param>
    /// <param name="afterEffect">The kernel does it, and the caller is told that it failed.</param>
    /// <param name="subject">Only calls whose subject contains this.</param>
    public void FailNext(
        string operation, KernelFault fault, int count = 1, bool afterEffect = false, string subject = "")
    {
        lock (_gate)
            _plans.Add(new Plan(operation, fault, afterEffect, subject) { Left = count });
    }

    /// <summary>Holds the next call of an operation until the gate is opened.</summary>
    /// <param name="operation">The port's method.</param>
    /// <param name="afterEffect">The kernel has done it, and the answer is held.</param>
    /// <param name="subject">Only a call whose subject contains this.</param>
    public CallGate HoldNext(string operation, bool afterEffect = false, string subject = "")
    {
        var gate = new CallGate(operation, afterEffect, subject);
        lock (_gate)
            _gates.Add(gate);
        return gate;
    }

    /// <summary>
    /// The caller dies at this boundary, counted from now: 0 is before the next call, 1 after it. Its later calls,
    /// from whatever thread, do not reach the kernel either: all throw <see cref="AgentDiedException"/>.
    /// </summary>
    public void DieAtStep(int step)
    {
        lock (_gate)
            _dieAt = _steps + step;
    }

    /// <summary>A new agent takes the kernel over as it is.</summary>
    public void Revive()
    {
        lock (_gate)
        {
            _dead = false;
            _dieAt = null;
        }
    }

    protected override KernelError? Around(KernelCall call, Func<KernelError?> run)
    {
        Plan? plan;
        lock (_gate)
        {
            Pass();
            _calls.Add(call);
            plan = TakePlan(call);
        }
        Shake.Pause();
        BeforeCall?.Invoke(call);
        TakeGate(call, afterEffect: false)?.Pass();
        if (plan is { AfterEffect: false })
            return plan.Error(call);
        var error = run();
        TakeGate(call, afterEffect: true)?.Pass();
        AfterCall?.Invoke(call);
        Shake.Pause();
        lock (_gate)
            Pass();
        return plan is null ? error : plan.Error(call);
    }

    private void Pass()
    {
        _dead |= _dieAt == _steps;
        _steps++;
        if (_dead)
            throw new AgentDiedException();
    }

    private Plan? TakePlan(KernelCall call)
    {
        var plan = _plans.Find(plan => plan.Left > 0 && plan.Concerns(call));
        if (plan is not null)
            plan.Left--;
        return plan;
    }

    private CallGate? TakeGate(KernelCall call, bool afterEffect)
    {
        lock (_gate)
        {
            var gate = _gates.Find(gate => gate.AfterEffect == afterEffect && gate.Concerns(call));
            if (gate is not null)
                _gates.Remove(gate);
            return gate;
        }
    }

    private sealed record Plan(string Operation, KernelFault Fault, bool AfterEffect, string Subject)
    {
        public int Left { get; set; }

        public bool Concerns(KernelCall call) =>
            call.Operation == Operation && call.Subject.Contains(Subject, StringComparison.Ordinal);

        public KernelError Error(KernelCall call) =>
            new(Fault, 0, call.Operation, call.Subject, AfterEffect ? "injected after the effect" : "injected");
    }
}
