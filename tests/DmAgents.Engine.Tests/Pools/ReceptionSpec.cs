using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Receiving a layer from another host: the pool's part.</summary>
public sealed class ReceptionSpec : PoolSpec
{
    private static readonly RequestId Transfer = Ask.NewRequest();
    private static readonly DeviceKey Key = WorkUnderWay.ReceptionOf(Transfer, 0);
    private static readonly ContentDigest Content = new(new byte[ContentDigest.Length]);

    [Fact]
    public void A_blank_reception_is_live_for_writing_and_nothing_is_formatted()
    {
        var life = Opened();
        life.Kernel.ClearCallLog();

        var device = life.Done(Ask.Receive(Key, above: null)).Device!;

        Assert.True(Host.IsLive(device.Id));
        var calls = life.Kernel.CallLog.Select(call => call.Operation).ToList();
        Assert.Contains(nameof(IKernel.CreateThin), calls);
        Assert.DoesNotContain(nameof(IKernel.Format), calls);
        Agrees(life);
    }

    [Fact]
    public void A_larger_reception_upon_a_layer_is_not_grown_here()
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.Kernel.ClearCallLog();

        var device = life.Done(Ask.Receive(Key, Ask.Layer("a"), ByteSize.MiB(128))).Device!;

        Assert.Equal(ByteSize.MiB(128), device.Size);
        Assert.DoesNotContain(nameof(IKernel.Grow), life.Kernel.CallLog.Select(call => call.Operation));
        Agrees(life);
    }

    [Fact]
    public void What_was_received_becomes_a_layer_with_its_content()
    {
        var life = Opened();
        life.Done(Ask.Receive(Key, above: null));

        var layer = life.Done(Commit()).Layer!;

        Assert.Equal(DeviceKind.Layer, layer.Kind);
        Assert.False(Host.IsLive(layer.Id));
        Assert.Equal(Content, life.State.Contents.GetValueOrDefault(layer.Id));
        Agrees(life);
        life.Die();
        var next = Reopened();
        Assert.Equal(Content, next.State.Contents.GetValueOrDefault(layer.Id));
    }

    [Fact]
    public void A_reception_that_cannot_be_made_live_leaves_nothing()
    {
        var life = Opened();
        life.Kernel.FailNext(nameof(IKernel.ActivateThin), KernelFault.Failed);

        life.Refused(Ask.Receive(Key, above: null));

        Assert.Null(life.State.Find(Key));
        Agrees(life);
    }

    [Fact]
    public void A_reception_whose_transfer_ended_with_the_agent_is_removed()
    {
        var life = Opened();
        var device = life.Done(Ask.Receive(Key, above: null)).Device!;
        life.Die();

        var next = Reopened();

        Assert.Null(next.State.Find(Key));
        Agrees(next);
        Assert.False(Host.IsLive(device.Id));
    }

    [Fact]
    public void A_reception_goes_on_after_a_reboot_if_the_agent_takes_its_transfer_up_before_it_opens_the_pool()
    {
        var life = Opened();
        var device = life.Done(Ask.Receive(Key, above: null)).Device!;
        life.Die();
        Host.Kernel.PowerCut();

        var next = Live();
        using var work = next.Work.Begin(TestHost.PoolName, Transfer);
        next.IsOpen();

        Assert.Equal(device.Id, next.State.Find(Key)?.Id);
        Assert.True(Host.IsLive(device.Id));
        Agrees(next);
    }

    [Fact]
    public void A_layer_that_was_read_for_another_host_is_idle_after_the_agents_death()
    {
        var life = Opened();
        MakeLayer(life, "a");
        var layer = life.State.Find(Ask.Layer("a"))!.Id;
        life.Done(new PoolCommands.CreateView(
            Ask.NewRequest(), DeviceKey.Transfer($"{Transfer.Value:N}"), Ask.Layer("a"), FileSystem: null,
            ImmutableSortedDictionary<string, string>.Empty, Ask.At));
        Assert.True(Host.IsLive(layer));
        life.Die();

        var next = Reopened();

        Assert.Empty(next.State.Views);
        Assert.False(Host.IsLive(layer));
        Agrees(next);
    }

    [Fact]
    public void A_damaged_layer_is_named_when_its_content_is_noted_again()
    {
        var life = Opened();
        MakeLayer(life, "a");
        var note = new PoolCommands.NoteContent(Ask.NewRequest(), Ask.Layer("a"), Content, Ask.At);
        life.Done(note);
        var other = new ContentDigest([.. Enumerable.Repeat((byte)1, ContentDigest.Length)]);

        var refusal = life.Refused(note with { Request = Ask.NewRequest(), Content = other });

        Assert.Contains("its disk has changed them", refusal.Why, StringComparison.Ordinal);
    }

    private static PoolCommands.Commit Commit() => new(
        Ask.NewRequest(), Key, Ask.Layer("r"), ImmutableSortedDictionary<string, string>.Empty, Ask.At)
    {
        Content = Content,
    };
}
