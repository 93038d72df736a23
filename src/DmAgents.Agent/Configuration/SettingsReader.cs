using Akka.Configuration;
using Akka.Configuration.Hocon;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Journals;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Units;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Agent.Configuration;

/// <summary>Reads the configuration: the built-in defaults, overridden by the operator's file.</summary>
public static class SettingsReader
{
    internal const string Root = "dmagents";
    private const string BuiltIn = "dmagents.conf";

    /// <summary>Reading a configuration takes milliseconds; this allows for a host under heavy load.</summary>
    private static readonly TimeSpan ParseDeadline = TimeSpan.FromSeconds(10);

    /// <param name="path">The operator's file; null if there is none.</param>
    /// <exception cref="SettingsException">The file is missing, damaged, or contains an invalid value.</exception>
    public static AgentSettings Read(string? path)
    {
        var defaults = Parse(ReadBuiltIn(), "the built-in configuration");
        if (path is null)
            return Check(defaults, "the built-in configuration");
        var own = Parse(ReadFile(path), path);
        RefuseUnknown(own, defaults, path);
        return Check(own.WithFallback(defaults), path);
    }

    private static string ReadBuiltIn()
    {
        using var stream = typeof(SettingsReader).Assembly.GetManifestResourceStream(BuiltIn)
            ?? throw new InvalidOperationException("the defaults are not built in");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{path}: it cannot be read ({cause.Message.TrimEnd('.')})");
        }
    }

    private static Config Parse(string text, string origin)
    {
        if (HoconBrackets.Problem(text) is { } unclosed)
            throw new SettingsException($"{origin}: it is not HOCON: {unclosed}");
        (Config? Config, string Why) parsed =
            (null, $"its end was not found within {ParseDeadline.TotalSeconds:0} s; look at the lists in it");
        // On a thread that can be abandoned: some damaged lists make Akka's parser loop endlessly.
        var parsing = new Thread(() => parsed = ParseOrSay(text)) { IsBackground = true };
        parsing.Start();
        parsing.Join(ParseDeadline);
        return parsed.Config ?? throw new SettingsException($"{origin}: it is not HOCON: {parsed.Why}");
    }

    private static (Config? Config, string Why) ParseOrSay(string text)
    {
        try
        {
            return (ConfigurationFactory.ParseString(text), "");
        }
        // The parser has no exception type of its own for damaged text.
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            return (null, cause.Message.ReplaceLineEndings(" ").TrimEnd('.'));
        }
    }

    private static void RefuseUnknown(Config own, Config defaults, string path)
    {
        var known = Names(defaults.Root, "").ToHashSet(StringComparer.Ordinal);
        foreach (var name in Names(own.Root, ""))
        {
            if (known.Contains(name))
                continue;
            var near = known.MinBy(k => Distance(k, name));
            throw new SettingsException(
                $"{path}: there is no setting '{name}'"
                + (near is not null && Distance(near, name) <= 4 ? $"; did you mean '{near}'?" : "")
                + " All settings are explained in config/dmagents.conf");
        }
    }

    private static IEnumerable<string> Names(HoconValue value, string prefix)
    {
        if (!value.IsObject())
            return [prefix];
        return value.GetObject().Items.SelectMany(item =>
            Names(item.Value, prefix.Length == 0 ? item.Key : $"{prefix}.{item.Key}"));
    }

    private static AgentSettings Check(Config config, string origin)
    {
        var values = new SettingsValues(config.GetConfig(Root), origin);
        var kind = values.OneOf("pool.file-system", ("ext4", FileSystemKind.Ext4), ("xfs", FileSystemKind.Xfs));
        var settings = new AgentSettings(
            values.AbsolutePath("state-directory"),
            values.AbsolutePath("admin.socket"),
            values.Text("admin.group"),
            new ContainerdSettings(
                values.AbsolutePath("containerd.socket"),
                values.Word("containerd.snapshotter"),
                values.PoolOrNone("containerd.pool"),
                values.Duration("containerd.usage-interval")),
            kind,
            values.BaseSize("pool.base-size", FileSystemFormat.Of(kind)),
            values.BlockSize("pool.block-size"),
            new PoolSettings
            {
                Marks = new AdmissionMarks(
                    values.Percent("pool.min-free-data-percent"), values.Percent("pool.min-free-metadata-percent")),
                StatusInterval = values.Duration("pool.status-interval"),
                OutcomeDelay = values.Duration("pool.outcome-delay"),
                RetryInterval = values.Duration("pool.retry-interval"),
                StopDeadline = values.Duration("stop-deadline"),
                SnapshotEvery = values.Count("pool.snapshot-every"),
                MaxOperations = values.Count("pool.max-operations"),
                FullWait = values.Duration("pool.full-wait"),
                Extension = new ExtensionSettings(
                    values.Percent("pool.extend.below-free-percent"),
                    values.Percent("pool.extend.loop-by-percent"),
                    values.SizeOrNone("pool.extend.loop-up-to"))
                {
                    VolumeGroup = values.VolumeGroupOrNone("pool.extend.volume-group"),
                    VolumeByPercent = values.Percent("pool.extend.volume-by-percent"),
                },
                Stock = new StockSettings(
                    values.Count("containerd.stock.per-layer", atLeast: 0),
                    values.Count("containerd.stock.layers"),
                    values.Count("containerd.stock.asked-for"),
                    values.Duration("containerd.stock.half-life")),
                DeleteAtOnce = values.Size("pool.delete-at-once", atLeast: ByteSize.Zero),
                Background = new BackgroundPace(values.Share("pool.background-share-percent")),
                Trim = new TrimSettings(
                    values.DurationOrOff("pool.trim.interval"), values.SizeOrNone("pool.trim.bytes-per-second")),
                Backups = new BackupSettings(
                    values.DurationOrOff("pool.backup.every"),
                    values.Count("pool.backup.after-changes"),
                    values.Count("pool.backup.keep"),
                    values.Size("pool.backup.keep-up-to", ByteSize.MiB(1)))
                {
                    Proofs = new ProofSettings(
                        values.DurationEachOrOff("pool.backup.prove-every"),
                        values.Share("pool.backup.prove-share-percent")),
                },
                DiscardOnRemove = values.OneOf<bool?>(
                    "pool.discard-on-remove", ("on", true), ("off", false), ("auto", null), ("true", true),
                    ("false", false)),
            },
            new JournalSettings(values.CountOrAll("journal.keep-events")),
            values.EndPointOrNone("metrics.listen"),
            values.Text("image.spool-directory"),
            values.Duration("image.sender-timeout"),
            values.Duration("request-timeout"),
            values.Duration("stop-deadline"),
            values.OneOf(
                "log-level", ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warning", LogLevel.Warning),
                ("error", LogLevel.Error)));
        return settings with
        {
            SpoolDirectory = settings.SpoolDirectory.Length == 0 ? settings.StateDirectory : settings.SpoolDirectory,
            Fleet = Fleet(values),
            LogFormat = values.OneOf("log-format", ("text", LogFormat.Text), ("json", LogFormat.Json)),
        };
    }

    private static FleetSection Fleet(SettingsValues values) => new(
        values.MemberAddressOrNone("fleet.address"),
        values.AddressOrNone("fleet.listen"),
        values.MemberAddresses("fleet.seeds"))
    {
        FormAfter = values.DurationOrOff("fleet.form-after"),
        CertificateLife = values.DurationWithin(
            "fleet.certificate-life", Lifetimes.LeastHost, Lifetimes.MostHost),
        JoinPatience = values.Duration("fleet.join-patience"),
        Refresh = values.Duration("fleet.refresh-interval"),
        Database = values.DatabaseOrNone("fleet.database"),
        Copies = values.Count("fleet.copies"),
        RestoreAfter = values.Duration("fleet.restore-after"),
        TransferRate = values.SizeOrNone("fleet.transfer.rate"),
        Layers = new PeerLayersSection
        {
            On = values.OneOf(
                "fleet.containerd.layers", ("on", true), ("off", false), ("true", true), ("false", false)),
            AnswerWithin = values.Duration("fleet.containerd.answer-within"),
            StalledAfter = values.Duration("fleet.containerd.stalled-after"),
        },
        Times = FleetTimes.Default with
        {
            Heartbeat = values.Duration("fleet.heartbeat"),
            AcceptablePause = values.Duration("fleet.acceptable-pause"),
            StableAfter = values.Duration("fleet.stable-after"),
            RemovalMargin = values.Duration("fleet.removal-margin"),
        },
    };

    /// <summary>The edit distance of two names.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
