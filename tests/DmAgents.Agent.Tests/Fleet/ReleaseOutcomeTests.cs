using DmAgents.Agent.Spread;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What a host does if a pool does not say whether it has let a copy go.</summary>
public sealed class ReleaseOutcomeTests
{
    private static readonly RequestId Request = new(new Guid("66666666-7777-8888-9999-aaaaaaaaaaaa"));
    private static readonly PoolReply Done = new PoolReplies.ImageUntagged(Request, [], AlreadySo: true);

    [Fact]
    public async Task What_had_no_answer_is_asked_until_the_outcome_is_known()
    {
        Assert.Equal((Done, 4), await Outcome(
            Refused(RefusalKind.TimedOut), Refused(RefusalKind.WrongState), Refused(RefusalKind.Busy), Done));
        PoolReply gone = Refused(RefusalKind.NotFound);
        Assert.Equal((gone, 2), await Outcome(Refused(RefusalKind.TimedOut), gone));
    }

    [Theory, InlineData(RefusalKind.Busy), InlineData(RefusalKind.WrongState), InlineData(RefusalKind.Failed)]
    public async Task A_refusal_is_the_outcome_if_nothing_was_unknown_before(RefusalKind kind)
    {
        PoolReply refused = Refused(kind);
        Assert.Equal((refused, 1), await Outcome(refused, Done));
    }

    private static PoolReplies.Refused Refused(RefusalKind kind) =>
        new PoolReplies.Refused(Request, new Refusal(kind, "cannot remove image", "app:1", "the test says so", "wait"));

    private static async Task<(PoolReply Reply, int Asked)> Outcome(params PoolReply[] replies)
    {
        var asked = 0;
        var reply = await ReleaseOrders.OutcomeOf(
            () => Task.FromResult(replies[asked++]), TimeSpan.FromMilliseconds(1), TimeProvider.System, default);
        return (reply, asked);
    }
}
