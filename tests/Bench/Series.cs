using System.Diagnostics;

namespace DmAgents.Bench;

/// <summary>Durations of the same thing, in milliseconds.</summary>
internal sealed class Series
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Median => Quantile(0.5);

    public double P99 => Quantile(0.99);

    public double Longest => Quantile(1);

    public void Add(double milliseconds) => _values.Add(milliseconds);

    public void AddTicks(IEnumerable<long> ticks) => _values.AddRange(ticks.Select(Milliseconds));

    public static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;

    /// <summary>The smallest value that so large a part is not above.</summary>
    private double Quantile(double part)
    {
        if (_values.Count == 0)
            return double.NaN;
        var sorted = _values.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
