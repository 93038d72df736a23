namespace DmAgents.Actors;

/// <summary>Wakes waiters at the next change of something that any thread reads without asking an actor.</summary>
/// <remarks>Changes are frequent and waiters are rare: without a waiter a change is one exchange of null.</remarks>
internal sealed class ChangeSignal
{
    /// <summary>Created by the first waiter.</summary>
    private TaskCompletionSource? _next;

    /// <summary>Completes at the next change. A caller that takes it before it reads misses no change.</summary>
    public Task Next
    {
        get
        {
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _next, made, null) ?? made).Task;
        }
    }

    public void Notify() => Interlocked.Exchange(ref _next, null)?.TrySetResult();

    /// <summary>Waits until what <paramref name="read"/> returns satisfies <paramref name="holds"/>; returns at once if
    /// it does already.</summary>
    public async Task<T> When<T>(Func<T> read, Func<T, bool> holds, CancellationToken cancellation)
    {
        while (true)
        {
            var next = Next;
            var current = read();
            if (holds(current))
                return current;
            await next.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }
}
