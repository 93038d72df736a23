using CsCheck;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Tests.Devices;

public sealed class DeviceNamesTests
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";

    private static readonly Gen<PoolName> Names = Gen.String[Gen.Char[NameCharacters], 0, 31]
        .Select(Gen.Char[NameCharacters[..36]], (rest, first) => new PoolName(first + rest));

    private static readonly Gen<ThinId> Ids = Gen.UInt[0, ThinId.Max].Select(id => new ThinId(id));

    private static readonly Gen<PoolUuid> Uuids = Gen.Guid.Select(guid => new PoolUuid(guid));

    [Fact]
    public void The_longest_name_and_uuid_are_as_long_as_the_remarks_say()
    {
        var pool = new PoolName(new string('x', PoolName.MaxLength));
        var largest = new ThinId(ThinId.Max);

        Assert.Equal(50, DeviceNames.Thin(pool, largest).Value.Length);
        Assert.Equal(54, DeviceNames.ThinDeviceId(default, largest).Value.Length);
        Assert.True(MappedName.MaxLength >= 50 && MappedUuid.MaxLength >= 54);
    }

    [Fact]
    public void Two_devices_never_have_the_same_name() =>
        Gen.Select(Names, Names, Ids, Ids).Sample((pool, other, id, otherId) =>
        {
            MappedName[] names =
            [
                DeviceNames.Pool(pool), DeviceNames.Data(pool), DeviceNames.Metadata(pool), DeviceNames.Thin(pool, id),
            ];
            MappedName[] others =
            [
                DeviceNames.Pool(other), DeviceNames.Data(other), DeviceNames.Metadata(other),
                DeviceNames.Thin(other, otherId),
            ];
            return names.Distinct().Count() == 4
                && (pool == other || !names.Intersect(others).Any());
        });

    [Fact]
    public void A_pool_named_like_anothers_device_is_told_apart()
    {
        var plain = new PoolName("a");
        var tricky = new PoolName("a-pool");

        Assert.NotEqual(DeviceNames.Pool(plain), DeviceNames.Pool(tricky));
        Assert.NotEqual(DeviceNames.Thin(new PoolName("a-1"), new ThinId(2)), DeviceNames.Thin(plain, new ThinId(12)));
    }

    [Fact]
    public void The_thin_id_is_read_back_from_the_uuid_of_its_own_pool_only() =>
        Gen.Select(Uuids, Uuids, Ids).Sample((pool, other, id) =>
            DeviceNames.ThinIdOf(pool, DeviceNames.ThinDeviceId(pool, id)) == id
            && (pool == other || DeviceNames.ThinIdOf(other, DeviceNames.ThinDeviceId(pool, id)) is null));

    [Theory]
    [InlineData("")]
    [InlineData("pool")]
    [InlineData("-1")]
    [InlineData("1 ")]
    [InlineData("1x")]
    [InlineData("16777216")]
    [InlineData("99999999999")]
    public void What_is_no_thin_device_has_no_thin_id(string ending)
    {
        var pool = new PoolUuid(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));
        var uuid = new MappedUuid($"{DeviceNames.UuidPrefix}{pool}-{ending}");

        Assert.Null(DeviceNames.ThinIdOf(pool, uuid));
    }

    [Fact]
    public void The_pools_own_devices_have_no_thin_id() => Uuids.Sample(pool =>
        DeviceNames.ThinIdOf(pool, DeviceNames.PoolId(pool)) is null
        && DeviceNames.ThinIdOf(pool, DeviceNames.DataId(pool)) is null
        && DeviceNames.ThinIdOf(pool, DeviceNames.MetadataId(pool)) is null
        && DeviceNames.ThinIdOf(pool, new MappedUuid("LVM-abc")) is null
        && DeviceNames.ThinIdOf(pool, default) is null);
}
