using System.Globalization;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Images;

/// <summary>An image of the fleet: its hosts, copies in progress, and the reasons.</summary>
internal static class SpreadView
{
    public static void Set(IAnsiConsole console, ImageSpread spread) => console.WriteLine(
        $"{spread.Reference} is to be on {Words.Count(spread.CopiesWanted, "host")}; it is on "
        + $"{Words.Count(spread.Hosts.Count(host => host.Holding == SpreadHost.Types.Holding.Whole), "host")} now");

    public static void Write(IAnsiConsole console, ImageSpread spread, DateTimeOffset now)
    {
        new Sheet().Group($"image {spread.Reference}")
            .Row("id", spread.Id)
            .Row("copies wanted", $"{spread.CopiesWanted}")
            .Write(console);
        console.WriteLine();
        var hosts = new Listing("No host has it.", "HOST", "HAS", "");
        foreach (var host in spread.Hosts)
            hosts.Row(host.Host, HoldingOf(host, now), Remarks(host, now));
        hosts.Write(console);
        foreach (var copy in spread.CopiesUnderWay)
        {
            console.WriteLine(
                $"under way to {copy.Host}: {Sizes.Format(copy.DataBytes)}"
                + (copy.Pool.Length == 0 ? ", its space is not promised yet" : $" into pool {copy.Pool}"));
        }
        foreach (var decision in spread.Decisions)
            Decision(console, decision, now);
    }

    private static void Decision(IAnsiConsole console, SpreadDecision decision, DateTimeOffset now)
    {
        console.WriteLine();
        console.WriteLine(
            $"{Times.Ago(decision.At, now)}: {(decision.Host.Length == 0 ? "no host fits" : $"a copy to {decision.Host}")}, "
            + $"because {decision.Why}");
        var list = new Listing(
            "  no host was there to be weighed", "  HOST", "VERDICT", ">MISSING", ">FREE AFTER", ">HAS", ">SCORE");
        foreach (var host in decision.Candidates)
        {
            list.Row(
                $"  {host.Host}", VerdictOf(host.Verdict), Sizes.Format(host.MissingDataBytes),
                host.HasRoomPermille ? Percent(host.RoomPermille) : "-", Percent(host.LocalityPermille),
                host.HasScore ? $"{host.Score}" : "-");
        }
        list.Write(console);
    }

    private static string HoldingOf(SpreadHost host, DateTimeOffset now) => host.Holding switch
    {
        SpreadHost.Types.Holding.Whole => "all, verified",
        SpreadHost.Types.Holding.Lost => $"lost {Times.Ago(host.LostSince, now)}",
        SpreadHost.Types.Holding.Leaving => "all, and lets it go",
        SpreadHost.Types.Holding.OtherImage => "another image of this name",
        _ => "not all, or not verified yet",
    };

    private static string Remarks(SpreadHost host, DateTimeOffset now)
    {
        var remarks = new List<string>();
        if (host.Pinned)
            remarks.Add("an operator wants it here");
        if (host.PinnedFor.Count > 0)
        {
            remarks.Add($"kept for container{(host.PinnedFor.Count == 1 ? "" : "s")} "
                + string.Join(", ", host.PinnedFor));
        }
        if (host.Kept)
            remarks.Add("brought by an operator: stays, also if fewer copies are wanted");
        else if (host.InUse)
            remarks.Add("in use: stays, also if fewer copies are wanted");
        if (host.Failures > 0)
        {
            remarks.Add(
                $"failed {Words.Count(host.Failures, "time")} ({host.Failure}), next {Times.In(host.NotBefore, now)}");
        }
        return string.Join("; ", remarks);
    }

    private static string VerdictOf(SpreadCandidate.Types.Verdict verdict) => verdict switch
    {
        SpreadCandidate.Types.Verdict.Fits => "fits",
        SpreadCandidate.Types.Verdict.HasIt => "has it",
        SpreadCandidate.Types.Verdict.UnderWay => "a copy is under way",
        SpreadCandidate.Types.Verdict.ComingBack => "has it, and is just back",
        SpreadCandidate.Types.Verdict.FailedRecently => "failed recently",
        SpreadCandidate.Types.Verdict.LowData => "too little data free",
        SpreadCandidate.Types.Verdict.LowMetadata => "too little metadata free",
        SpreadCandidate.Types.Verdict.OtherImage => "has another image of this name",
        _ => "-",
    };

    private static string Percent(uint permille) =>
        string.Create(CultureInfo.InvariantCulture, $"{permille / 10.0:0.#} %");
}
