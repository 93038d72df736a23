using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel.Tests.ThinPools;

public sealed class PoolTextTests
{
    private static readonly ByteSize Block = ByteSize.KiB(64);
    private static readonly ByteSize MetadataBlock = ByteSize.KiB(4);

    private static readonly ThinPoolTable Table = new(
        new("pool"), default, new("/dev/m"), new("/dev/d"), new(1000), PoolBlockSize.Default, LowWaterMark: 32);

    [Theory]
    [InlineData(true, NoSpacePolicy.Queue, DiscardPolicy.Passdown, "1 skip_block_zeroing")]
    [InlineData(false, NoSpacePolicy.Queue, DiscardPolicy.Passdown, "0")]
    [InlineData(false, NoSpacePolicy.Error, DiscardPolicy.Passdown, "1 error_if_no_space")]
    [InlineData(false, NoSpacePolicy.Queue, DiscardPolicy.NoPassdown, "1 no_discard_passdown")]
    [InlineData(true, NoSpacePolicy.Error, DiscardPolicy.Ignore,
        "3 skip_block_zeroing ignore_discard error_if_no_space")]
    public void A_table_names_devices_by_number_and_counts_its_features(
        bool skipZeroing, NoSpacePolicy noSpace, DiscardPolicy discard, string features)
    {
        var table = Table with { SkipZeroing = skipZeroing, NoSpace = noSpace, Discard = discard };

        var text = PoolTableText.Format(table, new(254, 1), new(8, 16));

        Assert.Equal($"254:1 8:16 128 32 {features}", text);
        Assert.Equal(
            new PoolTableLine(new(254, 1), new(8, 16), 128, 32, skipZeroing, ReadOnly: false, noSpace, discard),
            PoolTableText.Parse(text));
    }

    [Theory]
    [InlineData("254:1 8:16 128 32")]
    [InlineData("254:1 8:16 128 32 0 ")]
    public void A_table_without_features_is_read(string text) =>
        Assert.Equal(128ul, PoolTableText.Parse(text)!.BlockSectors);

    [Fact]
    public void A_read_only_table_is_read() =>
        Assert.True(PoolTableText.Parse("254:1 8:16 128 32 1 read_only")!.ReadOnly);

    [Theory]
    [InlineData("")]
    [InlineData("254:1 8:16 128")]
    [InlineData("/dev/a 8:16 128 32 0")]
    [InlineData("254:1 8:16 x 32 0")]
    public void What_is_no_pool_table_is_not_read_as_one(string text) => Assert.Null(PoolTableText.Parse(text));

    /// <summary>Every combination of the words that a present-day kernel writes.</summary>
    [Fact]
    public void Every_form_of_a_status_line_is_read()
    {
        var combinations =
            from mode in new[] { ("rw", PoolMode.ReadWrite), ("ro", PoolMode.ReadOnly), ("out_of_data_space", PoolMode.OutOfDataSpace) }
            from root in new[] { ("-", (ulong?)null), ("77", 77ul) }
            from discard in new[]
            {
                ("discard_passdown", DiscardPolicy.Passdown), ("no_discard_passdown", DiscardPolicy.NoPassdown),
                ("ignore_discard", DiscardPolicy.Ignore),
            }
            from space in new[] { ("queue_if_no_space", NoSpacePolicy.Queue), ("error_if_no_space", NoSpacePolicy.Error) }
            from check in new[] { ("-", false), ("needs_check", true) }
            from mark in new[] { ("", 0ul), (" 1024", 1024ul) }
            select (
                Text: $"5 10/4096 20/8192 {root.Item1} {mode.Item1} {discard.Item1} {space.Item1} {check.Item1}{mark.Item1} ",
                Expected: new ThinPoolStatus(
                    mode.Item2, new TransactionId(5), new BlockUsage(10, 4096, MetadataBlock),
                    new BlockUsage(20, 8192, Block), root.Item2, discard.Item2, space.Item2, check.Item2, mark.Item2));

        Assert.All(combinations, form => Assert.Equal(form.Expected, PoolStatusText.Parse(form.Text, Block)));
        Assert.Equal(144, combinations.Count());
    }

    [Theory]
    [InlineData("Fail", PoolMode.Failed)]
    [InlineData("Error", PoolMode.Error)]
    [InlineData("Error\n", PoolMode.Error, false)]
    public void A_pool_without_numbers_says_only_its_mode(string text, PoolMode mode, bool known = true)
    {
        var status = PoolStatusText.Parse(text, Block);

        Assert.Equal(known ? mode : null, status?.Mode);
        Assert.Equal(known ? 0ul : null, status?.Data.Total);
        Assert.Equal(known ? 0ul : null, status?.Metadata.Total);
    }

    [Theory]
    [InlineData("0 1/2 3/4 - rw", NoSpacePolicy.Queue)]
    [InlineData("0 1/2 3/4 - rw discard_passdown", NoSpacePolicy.Queue)]
    [InlineData("0 1/2 3/4 - ro no_discard_passdown error_if_no_space", NoSpacePolicy.Error)]
    public void Old_kernels_say_less(string text, NoSpacePolicy noSpace)
    {
        var status = PoolStatusText.Parse(text, Block)!;

        Assert.Equal((noSpace, false, 0ul), (status.NoSpace, status.NeedsCheck, status.MetadataLowWaterMark));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 1/2 3/4 -")]
    [InlineData("x 1/2 3/4 - rw")]
    [InlineData("0 12 3/4 - rw")]
    [InlineData("0 1/2 /4 - rw")]
    [InlineData("0 1/2 3/4 x rw")]
    [InlineData("0 1/2 3/4 - wr")]
    [InlineData("0 1/2 3/4 - rw discard_passdown queue_if_no_space - 12 surprise")]
    [InlineData("-1 1/2 3/4 - rw")]
    public void What_is_no_status_is_not_read_as_one(string text) => Assert.Null(PoolStatusText.Parse(text, Block));

    [Theory]
    [InlineData("0 -", 0ul, null)]
    [InlineData("256 2047", 256ul, 2047ul)]
    [InlineData("256 2047 ", 256ul, 2047ul)]
    public void A_thin_device_says_what_it_maps(string text, ulong mapped, ulong? highest)
    {
        var status = ThinStatusText.Parse(text);

        Assert.Equal(
            new ThinStatus(ThinState.Mapped, new(mapped), highest is { } sector ? new SectorCount(sector) : null),
            status);
    }

    [Theory]
    [InlineData("Fail", 2)]
    [InlineData("-", 1)]
    [InlineData("Error", 3)]
    public void A_thin_device_without_numbers_says_why(string text, int state) =>
        Assert.Equal((ThinState)state, ThinStatusText.Parse(text)!.State);

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("x 1")]
    [InlineData("1 2 3")]
    [InlineData("fail")]
    public void What_is_no_thin_status_is_not_read_as_one(string text) => Assert.Null(ThinStatusText.Parse(text));
}
