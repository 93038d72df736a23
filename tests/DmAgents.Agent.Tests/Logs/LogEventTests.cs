using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace DmAgents.Agent.Tests.Logs;

/// <summary>Operators alert on ids and names, and read fields: each event has its own, and the page for them has all
/// that they should alert on.</summary>
public sealed partial class LogEventTests
{
    private static readonly string[] OtherWordsForReason = ["Why", "Error", "Fault", "Cause", "Refusal", "Words"];

    [Fact]
    public void The_events_of_all_projects_are_found()
    {
        string[] areas =
        [
            "TransferLog", "FleetLog", "InventoryLog", "SpreadLog", "BackupLog", "ImportLog", "ExportLog",
            "RegistryLog", "HostingLog", "AkkaLog", "PoolLog", "PoolActorLog", "HostLog", "FleetActorLog",
        ];
        Assert.Equal(areas.Order(), LoggedEvents.All.Select(logged => logged.Area).Distinct().Order());
    }

    [Fact]
    public void An_id_belongs_to_one_event_and_so_does_a_name()
    {
        Assert.Empty(LoggedEvents.All.GroupBy(logged => logged.Id).Where(same => same.Count() > 1)
            .Select(same => same.Key));
        Assert.Empty(LoggedEvents.All.GroupBy(logged => logged.Name).Where(same => same.Count() > 1)
            .Select(same => same.Key));
        Assert.All(LoggedEvents.All, logged => Assert.Matches(Kebab(), logged.Name));
    }

    [Fact]
    public void An_area_has_a_range_of_ids_of_its_own()
    {
        var ranges = LoggedEvents.Ranges.ToList();
        var areas = LoggedEvents.All.GroupBy(logged => logged.Area).Select(area => ranges.FindIndex(
            range => area.All(logged => logged.Id >= range.First && logged.Id <= range.Last))).ToList();

        Assert.DoesNotContain(-1, areas);
        Assert.Equal(areas.Count, areas.Distinct().Count());
        Assert.Equal(areas.Count, ranges.Count);
        Assert.Empty(ranges.Skip(1).Where((range, before) => range.First <= ranges[before].Last));
    }

    [Fact]
    public void The_page_for_operators_has_each_warning_and_error_and_no_other_event() => Assert.Equal(
        LoggedEvents.All.Where(logged => logged.Level is null or >= LogLevel.Warning).OrderBy(logged => logged.Id)
            .Select(logged => (logged.Id, logged.Name, LevelsOf(logged.Level))),
        LoggedEvents.Rows);

    [Fact]
    public void A_field_has_the_same_name_in_all_events() => Assert.All(LoggedEvents.All, logged =>
    {
        var fields = Fields().Matches(logged.Template).Select(field => field.Groups[1].Value).ToList();
        Assert.All(fields, field => Assert.Matches(Pascal(), field));
        Assert.Empty(fields.Intersect(OtherWordsForReason));
        Assert.Equal(fields.Count, fields.Distinct().Count());
    });

    [Fact]
    public void A_line_of_the_actors_has_a_value_for_each_field() => Assert.All(
        LoggedEvents.OfActors,
        found => Assert.Equal(
            (found.Event.Name, found.Line.Fields.Count()), (found.Event.Name, found.Line.Values.Length)));

    /// <summary>The compiler refuses most of it; the bridge and the actors' only way to log are the exceptions.</summary>
    [Fact]
    public void Nothing_logs_past_the_events() => Assert.Empty(
        from file in LoggedEvents.Sources("*.cs")
        where Path.GetFileName(file) is not ("AkkaLogBridge.cs" or "LoggedLine.cs")
        from line in File.ReadLines(file)
        where Direct().IsMatch(line)
        select $"{Path.GetFileName(file)}: {line.Trim()}");

    [Fact]
    public void No_text_of_an_event_is_put_together_beforehand() => Assert.Empty(
        from file in LoggedEvents.Sources("*Log.cs")
        where LoggedEvents.All.Any(logged => logged.Area == Path.GetFileNameWithoutExtension(file))
        from line in File.ReadLines(file)
        where line.Contains("$\"", StringComparison.Ordinal)
        select $"{Path.GetFileName(file)}: {line.Trim()}");

    private static string LevelsOf(LogLevel? level) => level switch
    {
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        LogLevel.Critical => "critical",
        _ => "warning, error",
    };

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex Kebab();

    [GeneratedRegex("^[A-Z][A-Za-z]+$")]
    private static partial Regex Pascal();

    [GeneratedRegex(@"\{(\w+)(?::\w+)?\}")]
    private static partial Regex Fields();

    [GeneratedRegex(
        @"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(|\b_?[lL]og\.(Debug|Info|Warning|Error|Log)\(")]
    private static partial Regex Direct();
}
