using System.Globalization;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Devices;

/// <summary>All names and uuids of the agent's mapped devices.</summary>
/// <remarks>
/// <para>Length: prefix 9 + pool name 32 + '-' + the longest suffix, a thin id of 8 digits = 50, of 127. Uuid: prefix 9
/// + pool uuid 36 + '-' + 8 = 54, of 128.</para>
/// <para>Unambiguous although pool names may contain '-': the suffix follows the last '-', and contains none.</para>
/// </remarks>
public static class DeviceNames
{
    /// <summary>The prefix of every name. Tests also start their pools' names with "test-", and clean up only
    /// those.</summary>
    public const string Prefix = "dmagents-";

    public const string UuidPrefix = "DMAGENTS-";

    private const string PoolEnding = "pool";
    private const string DataEnding = "data";
    private const string MetadataEnding = "meta";
    private const string NextMetadataEnding = "nextmeta";
    private const string GuardEnding = "guard";

    public static MappedName Pool(PoolName pool) => Name(pool, PoolEnding);

    /// <summary>The linear device that concatenates the pool's data segments.</summary>
    public static MappedName Data(PoolName pool) => Name(pool, DataEnding);

    /// <summary>The linear device that concatenates the pool's metadata segments.</summary>
    public static MappedName Metadata(PoolName pool) => Name(pool, MetadataEnding);

    /// <summary>The linear device for replacement metadata, while they are made.</summary>
    public static MappedName NextMetadata(PoolName pool) => Name(pool, NextMetadataEnding);

    public static MappedName Thin(PoolName pool, ThinId id) => Name(pool, id.ToString());

    public static MappedUuid PoolId(PoolUuid pool) => Uuid(pool, PoolEnding);

    public static MappedUuid DataId(PoolUuid pool) => Uuid(pool, DataEnding);

    public static MappedUuid MetadataId(PoolUuid pool) => Uuid(pool, MetadataEnding);

    public static MappedUuid NextMetadataId(PoolUuid pool) => Uuid(pool, NextMetadataEnding);

    public static MappedUuid ThinDeviceId(PoolUuid pool, ThinId id) => Uuid(pool, id.ToString());

    /// <summary>The uuid of the device that reserves another program's name; see <see
    /// cref="Pools.Takeover.PoolGuard"/>.</summary>
    public static MappedUuid GuardId(PoolUuid pool) => Uuid(pool, GuardEnding);

    /// <summary>The thin id in a thin device's uuid, or null if it is not a thin device of that pool.</summary>
    public static ThinId? ThinIdOf(PoolUuid pool, MappedUuid uuid)
    {
        var start = $"{UuidPrefix}{pool}-";
        return uuid.Value.StartsWith(start, StringComparison.Ordinal)
            && uint.TryParse(
                uuid.Value.AsSpan(start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && id <= ThinId.Max
            ? new ThinId(id)
            : null;
    }

    private static MappedName Name(PoolName pool, string ending) => new($"{Prefix}{pool}-{ending}");

    private static MappedUuid Uuid(PoolUuid pool, string ending) => new($"{UuidPrefix}{pool}-{ending}");
}
