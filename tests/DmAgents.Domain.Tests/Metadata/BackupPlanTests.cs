using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Metadata;

public sealed class BackupPlanTests
{
    private static readonly BackupSettings Settings =
        new(TimeSpan.FromHours(1), AfterChanges: 3, Keep: 3, ByteSize.KiB(10));

    private static readonly ImmutableDictionary<ThinId, DeviceRecord> Empty = Given.Pool.Devices;

    private static readonly ImmutableDictionary<ThinId, DeviceRecord> One =
        Given.Pool.Do(Given.Create(Given.Container("a"))).Devices;

    [Fact]
    public void The_interval_counts_from_the_last_try_and_only_where_something_may_have_changed()
    {
        Assert.False(IsDue(tried: 0, at: 59, Empty, One));
        Assert.True(IsDue(tried: 0, at: 60, Empty, One));
        Assert.False(IsDue(tried: 0, at: 600, One, One));
    }

    [Fact]
    public void After_a_start_nobody_knows_what_has_changed_and_the_interval_counts_from_then()
    {
        Assert.False(IsDue(tried: null, at: 59, before: null, Empty));
        Assert.True(IsDue(tried: null, at: 60, before: null, Empty));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no space")]
    public void After_a_start_the_interval_counts_from_the_last_one_that_is_journaled(string? why)
    {
        var journaled = new BackupRecord("20260102T030405Z", why, Given.At - TimeSpan.FromMinutes(50));

        Assert.False(IsDue(tried: null, at: 9, before: null, Empty, journaled));
        Assert.True(IsDue(tried: null, at: 10, before: null, Empty, journaled));
        Assert.False(IsDue(tried: 0, at: 59, before: null, Empty, journaled));
    }

    [Fact]
    public void A_device_that_is_in_use_may_have_changed_unseen()
    {
        var active = Given.Pool.Do(Given.Create(Given.Container("a"), use: DeviceUse.Active)).Devices;

        Assert.True(IsDue(tried: 0, at: 60, active, active));
    }

    [Fact]
    public void Many_changes_do_not_wait_for_the_interval()
    {
        var three = Given.Pool.Do(Given.Create(Given.Container("a"))).Do(Given.Create(Given.Container("b"))).Devices;
        Assert.Equal(3, BackupPlan.ChangesBetween(Empty, three));

        Assert.True(IsDue(tried: 0, at: 1, Empty, three));
        Assert.True(IsDue(tried: 0, at: 1, three, Empty));
        Assert.False(IsDue(tried: 0, at: 1, Empty, One));
    }

    [Fact]
    public void Switched_off_it_is_never_due() => Assert.False(BackupPlan.IsDue(
        BackupSettings.None, null, null, Given.At, null, One, Given.At + TimeSpan.FromDays(99)));

    [Theory]
    [InlineData("1 1 1", 0)]
    [InlineData("1 1 1 1", 1)]
    [InlineData("1 1 1 1 1 1", 3)]
    [InlineData("5 5 5", 1)]
    [InlineData("6 6", 1)]
    [InlineData("99", 0)]
    [InlineData("99 1", 1)]
    [InlineData("", 0)]
    public void The_oldest_go_where_they_are_too_many_or_too_much_and_the_latest_stays(string latestFirst, int gone)
    {
        var present = latestFirst.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select((size, i) => new BackupFile(NameAt(-i), ByteSize.KiB(ulong.Parse(size)))).ToList();

        var surplus = BackupPlan.Surplus(Settings, present.AsEnumerable().Reverse());

        Assert.Equal(present.TakeLast(gone).Select(backup => backup.Name), surplus);
    }

    [Fact]
    public void A_name_is_read_as_the_time_that_it_was_made_of()
    {
        var name = new BackupName(new DateTimeOffset(2026, 1, 2, 4, 4, 5, 678, TimeSpan.FromHours(1)));

        Assert.Equal("20260102T030405Z", name.ToString());
        Assert.True(BackupName.TryParse("20260102T030405Z", out var read));
        Assert.Equal(name, read);
        Assert.True(BackupName.TryParseFile(name.FileName, out var file));
        Assert.Equal(name, file);
        Assert.All(
            ["20260102T030405Z.xml.gz.tmp", "20260102T030405Z", "2026.xml.gz", "../20260102T030405Z.xml.gz", ".xml.gz"],
            other => Assert.False(BackupName.TryParseFile(other, out _), other));
    }

    private static bool IsDue(
        int? tried, int at, ImmutableDictionary<ThinId, DeviceRecord>? before,
        ImmutableDictionary<ThinId, DeviceRecord> now, BackupRecord? journaled = null) => BackupPlan.IsDue(
        Settings, tried is { } minute ? Given.At + TimeSpan.FromMinutes(minute) : null, journaled, Given.At, before,
        now, Given.At + TimeSpan.FromMinutes(at));

    private static BackupName NameAt(int hour) => new(Given.At + TimeSpan.FromHours(hour));
}
