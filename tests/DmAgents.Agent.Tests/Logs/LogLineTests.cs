using System.Text.Json;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace DmAgents.Agent.Tests.Logs;

/// <summary>The lines of the log as an operator or a program reads them.</summary>
public sealed class LogLineTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void A_line_begins_with_the_time_the_level_and_the_events_name_and_id() => Assert.Equal(
        $"{_clock.GetUtcNow():HH:mm:ss.fff} info [image-copy-resumed 3001] "
            + "the copy of debian:12 from host web1 continues\n",
        Line(new TextLines(TextLines.ForPeople, _clock), log => log.CopyResumed("debian:12", new HostName("web1"))));

    [Fact]
    public void In_the_journal_a_line_begins_with_its_priority() => Assert.Equal(
        "<4>warning [layers-not-stopped 3104] layers on their way did not end in time; the next start undoes them\n",
        Line(new TextLines(TextLines.ForJournal, _clock), log => log.LayersNotStopped()));

    [Fact]
    public void An_event_without_a_name_has_its_category_instead() => Assert.Equal(
        "<3>error [Some.Library 7] it failed\n",
        Line(new TextLines(TextLines.ForJournal, _clock), log => log.Log(
            LogLevel.Error, new EventId(7), "it failed", exception: null, static (text, _) => text), "Some.Library"));

    [Fact]
    public void An_event_with_a_name_of_another_library_has_its_category_too() => Assert.Equal(
        "<3>error [Some.Library ItsEvent 7] it failed\n",
        Line(new TextLines(TextLines.ForJournal, _clock), log => log.Log(
            LogLevel.Error, new EventId(7, "ItsEvent"), "it failed", exception: null, static (text, _) => text),
            "Some.Library"));

    [Fact]
    public void In_the_journal_an_object_begins_with_its_priority()
    {
        var line = Line(new JsonLines(JsonLines.ForJournal, _clock), log => log.LayersNotStopped());

        Assert.StartsWith("<4>{", line, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(line[3..]);
        Assert.Equal(3104, json.RootElement.GetProperty("id").GetInt32());
    }

    [Fact]
    public void A_number_that_JSON_does_not_have_is_a_text()
    {
        List<KeyValuePair<string, object?>> rates = [new("None", double.NaN), new("Some", 0.5)];

        var line = Line(new JsonLines(JsonLines.ForPrograms, _clock), log => log.Log(
            LogLevel.Information, new EventId(7), rates, exception: null, static (_, _) => "a rate"));

        using var json = JsonDocument.Parse(line);
        var fields = json.RootElement.GetProperty("fields");
        Assert.Equal(("NaN", 0.5), (fields.GetProperty("None").GetString(), fields.GetProperty("Some").GetDouble()));
    }

    /// <summary>A peer chooses the text of some reasons.</summary>
    [Fact]
    public void A_reason_cannot_pretend_to_be_a_line_of_its_own() => Assert.Equal(
        "<6>info [layer-cut-short 3110] the sending of a layer was cut short: x <3>error [pool-wrong 1003] y\n",
        Line(
            new TextLines(TextLines.ForJournal, _clock),
            log => log.LayerCutShort("x\n<3>error [pool-wrong 1003] y")));

    [Fact]
    public void An_exception_is_on_the_line_of_its_event()
    {
        var line = Line(
            new TextLines(TextLines.ForJournal, _clock), log => log.CopyFault(new IOException("torn"), "app:1"));

        Assert.StartsWith("<3>error [image-copy-fault 3006] ", line, StringComparison.Ordinal);
        Assert.Contains("System.IO.IOException: torn", line, StringComparison.Ordinal);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void As_JSON_a_line_has_the_events_name_and_fields()
    {
        var line = Line(new JsonLines(JsonLines.ForPrograms, _clock), log => log.BackupNotProved(
            new PoolName("fast"), new BackupName(_clock.GetUtcNow()), "torn \"page\"\n"));

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal(_clock.GetUtcNow(), root.GetProperty("time").GetDateTimeOffset());
        Assert.Equal(("warning", 1201, "backup-not-proved", "DmAgents.Agent.Some"), (
            root.GetProperty("level").GetString(), root.GetProperty("id").GetInt32(),
            root.GetProperty("event").GetString(), root.GetProperty("source").GetString()));
        Assert.Equal(
            ["Pool", "Backup", "Reason"], root.GetProperty("fields").EnumerateObject().Select(field => field.Name));
        Assert.Equal("fast", root.GetProperty("fields").GetProperty("Pool").GetString());
        Assert.False(root.TryGetProperty("exception", out _));
    }

    [Theory]
    [InlineData("", TextLines.ForPeople)]
    [InlineData("log-format = json", JsonLines.ForPrograms)]
    public async Task The_setting_chooses_the_form(string setting, string formatter)
    {
        await using var agent = await ServedAgent.Start(setting);

        Assert.Equal(formatter, agent.Get<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
        Assert.Contains(agent.Get<IEnumerable<ConsoleFormatter>>(), known => known.Name == formatter);
    }

    [Fact]
    public void A_form_that_does_not_exist_is_refused()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "dmagents.log-format = xml");

        var wrong = Assert.Throws<SettingsException>(() => SettingsReader.Read(file));

        File.Delete(file);
        Assert.Contains("log-format", wrong.Message, StringComparison.Ordinal);
    }

    private static string Line(
        ConsoleFormatter formatter, Action<ILogger> write, string category = "DmAgents.Agent.Some")
    {
        var written = new StringWriter();
        write(new Formatted(formatter, written, category));
        return written.ToString();
    }

    private sealed class Formatted(ConsoleFormatter lines, TextWriter written, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => lines.Write(
                new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), null, written);
    }
}
