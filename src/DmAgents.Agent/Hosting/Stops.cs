namespace DmAgents.Agent.Hosting;

/// <summary>Waits at the agent's stop for work that was asked to end.</summary>
internal static class Stops
{
    /// <summary>Whether the work ended, however it did, within its own share of the stop: what stops after it needs the
    /// rest of the time.</summary>
    public static async Task<bool> EndsWithin(this Task work, TimeSpan share, CancellationToken cancellation)
    {
        await work.WaitAsync(share, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompleted;
    }
}
