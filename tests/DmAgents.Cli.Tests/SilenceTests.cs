using System.Diagnostics;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf;
using Grpc.Core;

namespace DmAgents.Cli.Tests;

public class SilenceTests
{
    [Fact]
    public async Task An_import_may_take_long_but_not_fall_silent()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .With<ImportImageRequest>((_, context) => ThenSilence(
                ImportTests.Progress(1, ImportProgress.Types.Phase.Unpacking, 10), context));

        var run = await Run.Of(agent, Hurried(), "image", "import", "x.tar");

        Assert.Equal(1, run.Code);
        Assert.StartsWith("dmagent: image import: x.tar: no answer in time", run.Error, StringComparison.Ordinal);
        Assert.Contains($"--request-id {Run.RequestId}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_message_begins_the_wait_anew()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .With<ImportImageRequest>((_, _) => SlowlyAsync());
        // Fifteen seconds of patience, and twenty in all.
        var run = await Run.Of(agent, Hurried(), "image", "import", "x.tar");
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task Events_may_be_as_rare_as_they_like_unless_a_limit_was_given()
    {
        await using var agent = (await FakeAgent.StartAsync()).With<FollowEventsRequest>((_, context) =>
            ThenSilence(new Event { Type = "pool-opened" }, context));
        var watch = Stopwatch.StartNew();

        var run = await Run.Of(agent, Hurried(), "event", "list", "--follow", "--timeout", "2s");

        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1), $"it ended after {watch.Elapsed}");
        Assert.Equal(1, run.Code);
        Assert.Contains("no answer in time", run.Error, StringComparison.Ordinal);
    }

    private static Shell.CliEnvironment Hurried() => Run.Plain() with { Clock = new HurriedClock() };

    private static async IAsyncEnumerable<IMessage> ThenSilence(IMessage first, ServerCallContext context)
    {
        yield return first;
        await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
    }

    private static async IAsyncEnumerable<IMessage> SlowlyAsync()
    {
        for (ulong done = 10; done <= 80; done += 10)
        {
            yield return ImportTests.Progress(1, ImportProgress.Types.Phase.Unpacking, done);
            await Task.Delay(TimeSpan.FromSeconds(2.5));
        }

        yield return new ImportImageReply { Image = Samples.Image() };
    }

    /// <summary>Its timers are twenty times as fast: still slow enough for a machine that has little time.</summary>
    private sealed class HurriedClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HurriedTimer(System.CreateTimer(callback, state, Hurry(dueTime), period));

        private static TimeSpan Hurry(TimeSpan span) =>
            span == Timeout.InfiniteTimeSpan ? span : span / 20;

        private sealed class HurriedTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Hurry(dueTime), period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
