namespace DmAgents.Testing.Faults;

/// <summary>Holds one call of a <see cref="FaultyKernel"/> midway.</summary>
public sealed class CallGate
{
    /// <summary>Above the patience of the tests that wait for something while a call is held.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _operation;
    private readonly string _subject;

    internal CallGate(string operation, bool afterEffect, string subject)
    {
        _operation = operation;
        AfterEffect = afterEffect;
        _subject = subject;
    }

    /// <summary>Done when the call has come to the gate.</summary>
    public Task Reached => _reached.Task;

    /// <summary>The call may go on.</summary>
    public bool IsOpen => _opened.Task.IsCompleted;

    internal bool AfterEffect { get; }

    /// <summary>Lets the call go on.</summary>
    public void Open() => _opened.TrySetResult();

    internal bool Concerns(KernelCall call) =>
        call.Operation == _operation && call.Subject.Contains(_subject, StringComparison.Ordinal);

    /// <exception cref="TimeoutException">The test never opened the gate.</exception>
    internal void Pass()
    {
        _reached.TrySetResult();
        if (!_opened.Task.Wait(Deadline))
            throw new TimeoutException($"the gate of {_operation} was never opened");
    }
}
