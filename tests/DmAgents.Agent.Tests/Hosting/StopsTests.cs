using DmAgents.Agent.Hosting;

namespace DmAgents.Agent.Tests.Hosting;

public sealed class StopsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Work_that_ended_is_not_reported_however_it_ended()
    {
        Assert.True(await Task.CompletedTask.EndsWithin(Long, CancellationToken.None));
        Assert.True(await Task.FromException(new IOException("broken")).EndsWithin(Long, CancellationToken.None));
        Assert.True(await Task.FromCanceled(new CancellationToken(true)).EndsWithin(Long, CancellationToken.None));
    }

    [Fact]
    public async Task Work_that_hangs_is_left_after_its_share_and_when_the_stop_is_over()
    {
        var hangs = new TaskCompletionSource().Task;

        Assert.False(await hangs.EndsWithin(TimeSpan.FromMilliseconds(1), CancellationToken.None));
        Assert.False(await hangs.EndsWithin(Long, new CancellationToken(true)));
    }
}
