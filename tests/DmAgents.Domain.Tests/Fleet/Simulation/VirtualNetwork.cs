using System.Globalization;

namespace DmAgents.Domain.Tests.Fleet.Simulation;

/// <summary>Random numbers that are the same on every machine and runtime for one seed (SplitMix64).</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(int percent) => Below(100) < percent;
}

/// <summary>How bad the network is.</summary>
internal sealed record NetworkFaults(int LossPercent, int DuplicatePercent, int MaxDelayMs)
{
    public static NetworkFaults None { get; } = new(0, 0, 5);

    public static NetworkFaults Bad { get; } = new(20, 20, 4000);
}

/// <summary>
/// A network and a clock of one thread: messages are delivered in the order of their virtual arrival, so that they are
/// delayed, reordered, repeated and lost as the seed says. All that happens is in the trace.
/// </summary>
internal sealed class VirtualNetwork(Dice dice)
{
    private readonly PriorityQueue<(string From, string To, object Message), (long Time, long Order)> _underWay = new();
    private readonly HashSet<string> _cut = [];
    private long _order;

    public NetworkFaults Faults { get; set; } = NetworkFaults.Bad;

    /// <summary>In milliseconds.</summary>
    public long Now { get; private set; }

    public List<string> Trace { get; } = [];

    /// <summary>No message from or to the node is delivered.</summary>
    public void Cut(string node) => Note(_cut.Add(node) ? $"cut {node}" : $"still cut {node}");

    public void Heal(string node) => Note(_cut.Remove(node) ? $"heal {node}" : $"never cut {node}");

    public bool IsCut(string node) => _cut.Contains(node);

    public void Send(string from, string to, object message)
    {
        if (IsCut(from) || IsCut(to) || dice.Chance(Faults.LossPercent))
            return;
        for (var copies = dice.Chance(Faults.DuplicatePercent) ? 2 : 1; copies > 0; copies--)
            _underWay.Enqueue((from, to, message), (Now + 1 + dice.Below(Faults.MaxDelayMs), _order++));
    }

    /// <summary>Delivers what arrives until then, and sets the clock.</summary>
    public void RunUntil(long time, Action<string, string, object> deliver)
    {
        while (_underWay.TryPeek(out var envelope, out var arrival) && arrival.Time <= time)
        {
            _underWay.Dequeue();
            Now = arrival.Time;
            if (IsCut(envelope.From) || IsCut(envelope.To))
                continue;
            Note($"{envelope.From}>{envelope.To} {envelope.Message.GetType().Name}");
            deliver(envelope.From, envelope.To, envelope.Message);
        }
        Now = time;
    }

    public void Note(string what) => Trace.Add(string.Create(CultureInfo.InvariantCulture, $"{Now} {what}"));
}
