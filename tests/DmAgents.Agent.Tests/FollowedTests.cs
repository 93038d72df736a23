using DmAgents.Agent.Services;

namespace DmAgents.Agent.Tests;

/// <summary>Work that reports to a caller: what the caller does not take ends no work, and no work is left alone.
/// </summary>
public sealed class FollowedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Each_report_is_written_in_its_order_before_the_result()
    {
        var written = new List<int>();

        var result = await Followed.Each<int, string>(
            report =>
            {
                for (var i = 0; i < 5; i++)
                    report(i);
                return Task.FromResult("done");
            },
            step =>
            {
                written.Add(step);
                return Task.CompletedTask;
            }).WaitAsync(Patience);

        Assert.Equal("done", result);
        Assert.Equal([0, 1, 2, 3, 4], written);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task Work_whose_caller_has_gone_is_waited_for_and_its_end_is_known(Type gone)
    {
        var tried = new TaskCompletionSource();
        var end = new TaskCompletionSource<string>();
        var followed = Followed.Each<int, string>(
            report =>
            {
                report(1);
                return end.Task;
            },
            _ =>
            {
                tried.TrySetResult();
                throw (Exception)Activator.CreateInstance(gone)!;
            });
        await tried.Task.WaitAsync(Patience);
        Assert.False(followed.IsCompleted);

        end.SetException(new TimeoutException("of the work"));

        await Assert.ThrowsAsync<TimeoutException>(() => followed.WaitAsync(Patience));
    }
}
