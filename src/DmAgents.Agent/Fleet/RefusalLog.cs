namespace DmAgents.Agent.Fleet;

/// <summary>Decides which refused connections are logged: each reason once in a while. Bounded, since any host may
/// connect.</summary>
internal sealed class RefusalLog(TimeProvider time)
{
    /// <summary>Maximum number of different reasons logged within <see cref="Interval"/>.</summary>
    internal const int Most = 16;

    /// <summary>Minimum interval between two logs of one reason.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _logged = [];

    /// <summary>True if it is to be logged.</summary>
    public bool Add(string why)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var old in _logged.Where(each => now - each.Value >= Interval).Select(each => each.Key).ToList())
                _logged.Remove(old);
            return _logged.Count < Most && _logged.TryAdd(why, now);
        }
    }
}
