using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Akka.Configuration;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Agent.Fleet;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Configuration;

/// <summary>Reads single values, with a message for each invalid one.</summary>
internal sealed class SettingsValues(Config config, string origin)
{
    public string Text(string name) =>
        config.GetString(name) ?? throw Wrong(name, "nothing", "a text");

    public string AbsolutePath(string name)
    {
        var text = Text(name).TrimEnd('/');
        return text.StartsWith('/') ? text : throw Wrong(name, text, "an absolute path");
    }

    public string Word(string name) =>
        Text(name) is { Length: > 0 } text && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw Wrong(name, Text(name), "a name of letters, digits, '-', '_' and '.'");

    public IPEndPoint? EndPointOrNone(string name) =>
        Text(name).Length == 0 ? null
        : IPEndPoint.TryParse(Text(name), out var address) && address.Port > 0 ? address
        : throw Wrong(name, Text(name), "empty, or an address and a port such as 127.0.0.1:9470");

    public IPAddress? AddressOrNone(string name) =>
        Text(name).Length == 0 ? null
        : IPAddress.TryParse(Text(name), out var address) ? address
        : throw Wrong(name, Text(name), "empty, or an IP address such as 0.0.0.0");

    public MemberAddress? MemberAddressOrNone(string name) =>
        Text(name).Length == 0 ? null : MemberAddressOf(name, Text(name));

    public ImmutableArray<MemberAddress> MemberAddresses(string name) =>
        [.. config.GetStringList(name).Select(text => MemberAddressOf(name, text))];

    public FleetDatabase? DatabaseOrNone(string name)
    {
        var database = DatabaseSetting.Read(Text(name), out var problem);
        return problem.Length == 0
            ? database
            : throw new SettingsException(
                $"{origin}: {SettingsReader.Root}.{name}: {problem}; it has to be {DatabaseSetting.Rule}");
    }

    private MemberAddress MemberAddressOf(string name, string text) =>
        MemberAddress.TryParse(text, out var address) && FleetPorts.Fit(address)
            ? address
            : throw Wrong(name, text, $"{FleetPorts.Rule}");

    public PoolName? PoolOrNone(string name) =>
        Text(name).Length == 0 ? null
        : PoolName.TryParse(Text(name), out var pool) ? pool
        : throw Wrong(name, Text(name), $"empty or a pool's name: {PoolName.Rule}");

    public ByteSize Size(string name, ByteSize atLeast) =>
        ByteSize.TryParse(Text(name), out var size) && size >= atLeast
        && size.Bytes % SectorCount.BytesPerSector == 0
            ? size
            : throw Wrong(name, Text(name), $"a size such as 10GiB, at least {atLeast}, a multiple of 512 bytes");

    /// <summary>The pool's own file system could never have a base of another size.</summary>
    public ByteSize BaseSize(string name, FileSystemFormat format) =>
        Size(name, ByteSize.Zero) is var size && size >= format.Least && size <= format.Most
            ? size
            : throw Wrong(name, Text(name), $"from {format.Least} to {format.Most}, which "
                + $"{format.Kind.ToString().ToLowerInvariant()} (pool.file-system) can have");

    public ByteSize? SizeOrNone(string name) => Text(name).Length == 0 ? null : Size(name, ByteSize.MiB(1));

    public string? VolumeGroupOrNone(string name) =>
        Text(name).Length == 0 ? null
        : LogicalVolume.IsName(Text(name)) ? Text(name)
        : throw Wrong(name, Text(name), "empty or the name of a volume group: letters, digits and + _ . -");

    public PoolBlockSize BlockSize(string name) =>
        ByteSize.TryParse(Text(name), out var size) && PoolBlockSize.IsValid(size)
            ? new PoolBlockSize(size)
            : throw Wrong(name, Text(name), PoolBlockSize.Rule);

    public double Percent(string name) =>
        double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
        && percent is >= 0 and < 100
            ? percent
            : throw Wrong(name, Text(name), "a percentage from 0 to below 100");

    public double Share(string name) =>
        double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
        && percent is >= 1 and <= 100
            ? percent
            : throw Wrong(name, Text(name), "a percentage from 1 to 100");

    public TimeSpan? DurationOrOff(string name) =>
        Text(name).Equals("off", StringComparison.OrdinalIgnoreCase)
        || Text(name).Equals("false", StringComparison.OrdinalIgnoreCase)
            ? null
            : DurationText.TryParse(Text(name), out var duration) && duration > TimeSpan.Zero
                ? duration
                : throw Wrong(name, Text(name), "off, or a duration such as 24h");

    /// <summary>"each" is zero: every time there is something to do.</summary>
    public TimeSpan? DurationEachOrOff(string name) =>
        Text(name).Equals("each", StringComparison.OrdinalIgnoreCase) ? TimeSpan.Zero : DurationOrOff(name);

    public int Count(string name, int atLeast = 1) =>
        int.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= atLeast
            ? count
            : throw Wrong(name, Text(name), $"a whole number, at least {atLeast}");

    public long? CountOrAll(string name) =>
        Text(name).Equals("all", StringComparison.OrdinalIgnoreCase) ? null
        : long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
        : throw Wrong(name, Text(name), "all, or a whole number");

    public TimeSpan Duration(string name) =>
        DurationText.TryParse(Text(name), out var duration) && duration > TimeSpan.Zero
            ? duration
            : throw Wrong(name, Text(name), "a duration above zero such as 200ms, 5s, 2m or 1h");

    public TimeSpan DurationWithin(string name, TimeSpan least, TimeSpan most) =>
        Duration(name) is var duration && duration >= least && duration <= most
            ? duration
            : throw Wrong(name, Text(name), $"from {DurationText.Of(least)} to {DurationText.Of(most)}");

    public T OneOf<T>(string name, params (string Word, T Value)[] choices)
    {
        var text = Text(name);
        foreach (var (word, value) in choices)
        {
            if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        }
        throw Wrong(name, text, "one of " + string.Join(", ", choices.Select(c => c.Word)));
    }

    private SettingsException Wrong(string name, string found, string wanted) =>
        new($"{origin}: {SettingsReader.Root}.{name} is '{found}', and has to be {wanted}");
}
