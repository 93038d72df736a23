namespace DmAgents.Agent.Hosting;

/// <summary>Waits at the agent's stop for cancelled work.</summary>
internal static class Stops
{
    /// <summary>Whether the work ended, with or without success, within its own share of the stop: later steps need the
    /// remaining time.</summary>
    public static async Task<bool> EndsWithin(this Task work, TimeSpan share, CancellationToken cancellation)
    {
        await work.WaitAsync(share, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompleted;
    }
}
