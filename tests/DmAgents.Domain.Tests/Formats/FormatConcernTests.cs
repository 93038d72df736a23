using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Formats;

/// <summary>Which features stand against a mount, under which kernel.</summary>
public sealed class FormatConcernTests
{
    private static readonly ThinId Base = new(1);

    private static readonly KernelError DoesNotKnow = new(KernelFault.NotSupported, 0, "mount", "/dev/dm-1");

    /// <summary>Every feature that some kernel does not know: its name, the first that does, whether it bars reading.
    /// </summary>
    public static TheoryData<string, string?, bool> Young => new()
    {
        { "metadata_csum_seed", "4.4", true }, { "large_dir", "4.13", true }, { "ea_inode", "4.13", true },
        { "casefold", "5.2", true }, { "verity", "5.4", false },
        { "rmapbt", "4.8", false }, { "reflink", "4.9", false }, { "inobtcount", "5.10", false },
        { "bigtime", "5.10", true }, { "nrext64", "5.19", true }, { "exchange", "6.10", true },
        { "parent", "6.10", true }, { "metadir", "6.13", true }, { "zoned", "6.15", true },
        { "zone_gaps", "6.16", true },
        { "compression", null, true }, { "journal_dev", null, true }, { "dirdata", null, true },
        { "has_snapshot", null, false }, { "replica", null, false }, { "shared_blocks", null, false },
        { "incompat_bit_30", null, true }, { "ro_compat_bit_30", null, false },
    };

    /// <summary>What every kernel takes, and what one ignores that does not know it.</summary>
    public static TheoryData<string> Harmless =>
    [
        .. FileSystemFormat.Ext4.Features, "crc", "ftype", "finobt", "sparse",
        "orphan_file", "fast_commit", "stable_inodes", "compat_bit_30",
    ];

    [Theory]
    [MemberData(nameof(Young))]
    public void A_feature_stands_against_a_mount_before_the_first_kernel_that_knows_it_and_not_after(
        string feature, string? since, bool barsReading)
    {
        var traits = Traits(feature, "has_journal");
        KernelVersion? first = since is null ? null : Version(since);

        foreach (var running in Kernels)
        {
            var isBeyond = first is null || running < first;
            Assert.Equal<UnknownFeature>(
                isBeyond ? [new UnknownFeature(feature, first, barsReading)] : [], traits.BeyondOf(running));
            Assert.Equal(isBeyond, traits.RefusedBy(running, forWriting: true) is not null);
            Assert.Equal(isBeyond && barsReading, traits.RefusedBy(running, forWriting: false) is not null);
        }
    }

    [Theory]
    [MemberData(nameof(Harmless))]
    public void Other_features_stand_against_nothing(string feature)
    {
        var traits = Traits(feature);

        Assert.All(Kernels, running => Assert.Empty(traits.BeyondOf(running)));
        Assert.Null(traits.RefusedBy(new KernelVersion(3, 18), forWriting: true));
    }

    [Theory]
    [MemberData(nameof(Young))]
    public void What_the_kernel_says_to_a_trial_counts_more_than_its_version(
        string feature, string? since, bool barsReading)
    {
        var traits = Traits(feature);
        foreach (var running in Kernels)
        {
            var isBeyond = since is null || running < Version(since);

            var taken = FormatConcern.Of(Base, traits, running, KernelResult.Done);
            var busy = FormatConcern.Of(
                Base, traits, running, new KernelError(KernelFault.Busy, 16, "mount", "/dev/dm-1"));
            var unclear = FormatConcern.Of(
                Base, traits, running, new KernelError(KernelFault.Failed, 5, "mount", "/dev/dm-1"));
            var refused = FormatConcern.Of(Base, traits, running, DoesNotKnow);

            // Of writing a trial says nothing.
            Assert.Equal(isBeyond && !barsReading, taken is not null);
            Assert.Equal(taken, busy);
            Assert.Equal(refused, unclear);
            Assert.Equal(isBeyond, refused is not null);
            Assert.Equal(isBeyond && barsReading, refused?.BarsReading ?? false);
        }
    }

    [Fact]
    public void A_concern_names_each_feature_and_the_kernel_that_has_all_of_them()
    {
        var running = new KernelVersion(5, 15);
        var concern = FormatConcern.Of(
            Base, Traits("metadir", "nrext64", "bigtime") with { Kind = FileSystemKind.Xfs }, running, DoesNotKnow)!;

        Assert.Equal(
            "its xfs has features that Linux 5.15, which runs here, does not know: metadir (from Linux 6.13 on), "
            + "nrext64 (from Linux 5.19 on); neither it nor what was made from it can be mounted", concern.Why);
        Assert.StartsWith("run Linux 6.13 or a later one", concern.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_feature_without_a_name_no_kernel_is_promised()
    {
        var concern = FormatConcern.Of(Base, Traits("metadir", "incompat_bit_30"), new(5, 15), DoesNotKnow)!;

        Assert.Null(concern.Needs);
        Assert.Contains("incompat_bit_30 (of which nothing is known)", concern.Why, StringComparison.Ordinal);
        Assert.StartsWith("run the kernel that made it", concern.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void What_can_be_read_is_not_called_lost()
    {
        var concern = FormatConcern.Of(Base, Traits("ro_compat_bit_30"), new(6, 1), KernelResult.Done)!;

        Assert.False(concern.BarsReading);
        Assert.EndsWith("can be mounted for writing", concern.Why, StringComparison.Ordinal);
    }

    /// <summary>From before the oldest that the agent runs on to after all that are known.</summary>
    private static IEnumerable<KernelVersion> Kernels =>
        from major in Enumerable.Range(4, 4)
        from minor in Enumerable.Range(0, 21)
        select new KernelVersion(major, minor);

    private static FileSystemTraits Traits(params string[] features) =>
        new(FileSystemKind.Ext4, ByteSize.KiB(4), [.. features]);

    private static KernelVersion Version(string text) =>
        KernelVersion.TryParse(text, out var version) ? version : throw new FormatException(text);
}
