using System.Globalization;
using System.Text.Json;

namespace DmAgents.Bench.Deletions;

/// <summary>What was measured beside one way of deleting.</summary>
internal sealed record DeletionFigures(string Way)
{
    /// <summary>A container created and activated in one, through the agent's actors.</summary>
    public Series Prepare { get; } = new();

    /// <summary>4 KiB into a block that was never written, until they are durable; no agent is involved.</summary>
    public Series Write { get; } = new();

    /// <summary>From the request until the pool has the blocks back.</summary>
    public Series Deletion { get; } = new();
}

internal static class DeletionReport
{
    public static string Table(IReadOnlyList<DeletionFigures> ways)
    {
        var idle = ways[0];
        var lines = new List<string>
        {
            $"kernel {Report.KernelRelease()}, {Environment.ProcessorCount} processor(s); milliseconds; x: times idle",
            "",
            $"{"while",-56}{"n",6}{"prepare",9}{"x",6}{"p99",9}{"x",7}{"longest",9}"
                + $"{"write",9}{"p99",9}{"x",7}{"longest",9}{"deletion",10}",
        };
        foreach (var way in ways)
        {
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{way.Way,-56}{way.Prepare.Count,6}"
                + $"{way.Prepare.Median,9:0.00}{way.Prepare.Median / idle.Prepare.Median,6:0.0}"
                + $"{way.Prepare.P99,9:0.00}{way.Prepare.P99 / idle.Prepare.P99,7:0.0}{way.Prepare.Longest,9:0}"
                + $"{way.Write.Median,9:0.00}{way.Write.P99,9:0.00}{way.Write.P99 / idle.Write.P99,7:0.0}"
                + $"{way.Write.Longest,9:0}{(way.Deletion.Count == 0 ? "-" : $"{way.Deletion.Median:0}"),10}"));
        }
        return string.Join('\n', lines);
    }

    public static string Json(IReadOnlyList<DeletionFigures> ways) => JsonSerializer.Serialize(
        new
        {
            Kernel = Report.KernelRelease(),
            Processors = Environment.ProcessorCount,
            Ways = ways.Select(way => new
            {
                way.Way,
                PrepareMs = Report.Times(way.Prepare),
                PrepareLongestMs = way.Prepare.Longest,
                WriteMs = Report.Times(way.Write),
                WriteLongestMs = way.Write.Longest,
                DeletionMs = way.Deletion.Count == 0 ? (double?)null : way.Deletion.Median,
            }),
        },
        Report.Format);
}
