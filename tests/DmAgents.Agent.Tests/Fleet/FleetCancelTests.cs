using DmAgents.Agent.Fleet.Talks;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Copies that one host makes, and that another one cancels. The fleet has no database.</summary>
public sealed class FleetCancelTests : FleetOfAgents
{
    private static readonly HostName _one = new("host1");
    private static readonly HostName _two = new("host2");

    [Fact]
    public async Task A_transfer_is_cancelled_from_another_host_and_leaves_nothing_on_its_own()
    {
        var agents = await Form();
        await MakeImage(agents[0], new ImageReference("app:1"), 1);
        var copy = Start(agents[1], _one, "app:1", Guid.NewGuid());

        var cancelled = await Cancel(agents[0], copy.Job.Request.ToString()[..8]);

        Assert.Equal(
            (copy.Job.Request.ToString(), "app:1", "host1", "host2"),
            (cancelled.Id, cancelled.Image, cancelled.FromHost, cancelled.ToHost));
        Assert.True(copy.Done.IsCanceled);
        Assert.Empty(agents[1].State.Images);
        Assert.Empty(agents[1].State.Devices);
    }

    [Fact]
    public async Task An_id_of_two_hosts_cancels_neither_and_a_longer_one_names_the_host_that_is_asked_or_any_other()
    {
        var agents = await Form();
        await MakeImage(agents[0], new ImageReference("app:1"), 1);
        await MakeImage(agents[1], new ImageReference("app:2"), 2);
        var there = Start(agents[1], _one, "app:1", Guid.Parse("abcdef01-0000-0000-0000-000000000001"));
        var here = Start(agents[0], _two, "app:2", Guid.Parse("abcdef02-0000-0000-0000-000000000001"));

        var both = await Refused(agents[0], "abcdef0");

        Assert.Equal(StatusCode.InvalidArgument, both.StatusCode);
        Assert.Contains("2 transfers have an id that begins like this", both.Status.Detail, StringComparison.Ordinal);
        Assert.False(here.Done.IsCompleted || there.Done.IsCompleted);
        Assert.Equal("host1", (await Cancel(agents[0], "ABCDEF02")).ToHost);
        Assert.True(here.Done.IsCanceled);
        Assert.Equal("host2", (await Cancel(agents[0], "abcdef0")).ToHost);
        Assert.True(there.Done.IsCanceled);
    }

    [Fact]
    public async Task An_id_of_no_host_is_not_found_and_in_doubt_while_a_host_does_not_answer()
    {
        var agents = await Form();

        var unknown = await Refused(agents[0], "4f1c");
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);

        await agents[1].Stop();
        Fleet.Forget(agents[1]);
        await FleetAgents.When(agents[0], status => status.Members.Length == 1);
        var doubtful = await Refused(agents[0], "4f1c");
        Assert.Equal(StatusCode.DeadlineExceeded, doubtful.StatusCode);
        Assert.Contains("host2 does not answer", doubtful.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_whose_copy_has_ended_meanwhile_says_that_it_makes_none()
    {
        var agents = await Form();

        var answers = agents[0].Get<HostAsker>().AskAsync(
            _two, new HostQuestion { Cancel = Guid.NewGuid().ToString() }, CancellationToken.None);

        await foreach (var answer in answers)
        {
            Assert.Equal(new SaidCancel(CancelEnd.Unknown, Copy: null), answer.Cancel);
            return;
        }
        Assert.Fail("no answer");
    }

    private Task<ServedAgent[]> Form() => Fleet.FormPatient(2, FleetAgents.SlowCopies);

    private static async Task MakeImage(ServedAgent agent, ImageReference name, byte seed) =>
        await TwoAgents.Tag(agent, name, await TwoAgents.AddLayer(agent, null, seed, ByteSize.MiB(2)));

    private static RunningCopy Start(ServedAgent to, HostName from, string image, Guid id) =>
        to.Get<ImageCopies>().Start(new RequestId(id), to.Picture, from, image);

    private static async Task<RunningTransfer> Cancel(ServedAgent agent, string id) =>
        (await new Api.Admin.V1.Transfers.TransfersClient(agent.AdminChannel).CancelAsync(
            new CancelTransferRequest { Id = id }).ResponseAsync.WaitAsync(FleetAgents.Patience)).Transfer;

    private static Task<RpcException> Refused(ServedAgent agent, string id) =>
        Assert.ThrowsAsync<RpcException>(() => Cancel(agent, id));
}
