using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>Layers that come from other hosts.</summary>
public sealed class TransferDecisionTests
{
    private static readonly DeviceKey R = DeviceKey.Reception("r");
    private static readonly ByteSize Size = ByteSize.GiB(2);
    private static readonly PoolState Image = Pool.Imported("image", "a", "b");

    [Fact]
    public void A_reception_begins_as_a_snapshot_of_the_nearest_copy_and_lies_above_its_parent()
    {
        var command = Receive("r", Layer("b"), Size) with { Source = Layer("a"), Root = "rootfs" };

        var device = Image.Do(command).Find(R)!;

        Assert.Equal(
            (Image.Find(Layer("b"))!.Id, Image.Find(Layer("a"))!.Id), (device.Parent!.Value, device.Source!.Value));
        Assert.Equal((DeviceKind.Container, DeviceUse.Active, false), (device.Kind, device.Use, device.ReadOnly));
        Assert.Equal(Size, device.Size);
    }

    [Fact]
    public void A_blank_reception_needs_no_base_and_has_the_format_of_the_other_host()
    {
        var device = Pool.Do(Receive("r", null, Size) with { Format = new FormatName("xfs-9") }).Find(R)!;

        Assert.Null(device.Parent);
        Assert.Null(device.Source);
        Assert.Equal(new FormatName("xfs-9"), device.Format);
    }

    [Fact]
    public void A_reception_is_refused_if_the_pool_has_no_room_or_the_file_system_is_another()
    {
        var full = PoolDecider.Decide(
            Image, HealthOf(Domain.Ports.PoolMode.ReadWrite, 95), Receive("r", Layer("b"), Size));
        Assert.Equal(RefusalKind.NoSpace, Assert.IsType<Decision.Refused>(full).Refusal.Kind);
        var other = RefusedBy(Image, Receive("r", Layer("b"), Size) with { FileSystem = FileSystemKind.Xfs });
        Assert.Contains("has Ext4, and the layer Xfs", other.Why, StringComparison.Ordinal);
        var missing = RefusedBy(Image, Receive("r", Layer("missing"), Size));
        Assert.Equal(RefusalKind.NotFound, missing.Kind);
    }

    [Fact]
    public void A_commit_notes_what_the_blocks_are_in_the_same_write()
    {
        var state = Image.Do(Receive("r", Layer("b"), Size));
        var commit = Commit(R, Layer("c")) with { Content = Content(7) };

        var accepted = Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, commit));

        Assert.Collection(
            accepted.Events, e => Assert.IsType<PoolEvents.Committed>(e), e => Assert.IsType<PoolEvents.ContentNoted>(e));
        var after = state.After(accepted.Events);
        Assert.Equal(Content(7), after.Contents[after.Find(Layer("c"))!.Id]);
    }

    [Fact]
    public void Blocks_that_were_something_else_before_are_a_damage()
    {
        var noted = Image.Do(NoteContent(Layer("b"), 1));

        Assert.IsType<Decision.AlreadySo>(PoolDecider.Decide(noted, Health, NoteContent(Layer("b"), 1)));
        Assert.Contains("its disk has changed them", RefusedBy(noted, NoteContent(Layer("b"), 2)).Why,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_blocks_of_a_layer_were_is_forgotten_with_it()
    {
        var noted = Image.Do(NoteContent(Layer("b"), 1)).Do(Untag("image"));
        var removed = noted.After(noted.Devices.Values.Where(d => d.Phase == DevicePhase.Removing)
            .Select(d => new PoolEvents.Removed(d.Id, At)));

        Assert.Empty(removed.Contents);
    }

    [Fact]
    public void A_layer_that_is_read_for_another_host_is_live_and_stays_until_it_was_read()
    {
        var view = DeviceKey.Transfer("t");
        var read = Image.Do(Untag("image")) is var untagged && untagged.Find(Layer("b")) is null
            ? Image.Do(CreateView(view, Layer("b")))
            : throw new InvalidOperationException("the layer had to go");

        Assert.Equal((DeviceUse.Active, true), (read.Find(Layer("b"))!.Use, read.Find(Layer("b"))!.ReadOnly));
        Assert.NotNull(read.Do(Untag("image")).Find(Layer("b")));
        Assert.Equal(DeviceUse.Idle, read.Do(Remove(view)).Find(Layer("b"))!.Use);
    }
}
