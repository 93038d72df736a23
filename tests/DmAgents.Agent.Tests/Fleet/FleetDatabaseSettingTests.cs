using DmAgents.Actors.Fleet.Database;
using DmAgents.Agent.Configuration;

namespace DmAgents.Agent.Tests.Fleet;

public sealed class FleetDatabaseSettingTests : IDisposable
{
    private const string Line = "Host=db1;Database=dmagents;Username=dmagents";

    private readonly string _directory = Directory.CreateTempSubdirectory("dma-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_a_setting_there_is_no_database() => Assert.Null(Read("").Fleet.Database);

    [Fact]
    public void The_drivers_words_are_a_setting() =>
        Assert.Equal("db1:5432/dmagents as dmagents", Read(Line).Fleet.Database!.Where);

    [Fact]
    public void The_example_of_a_fleet_is_read()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "DmAgents.sln")))
            root = root.Parent!;

        var settings = SettingsReader.Read(Path.Combine(root.FullName, "config", "fleet.conf"));

        Assert.Equal("10.0.0.9:5432/dmagents as dmagents", settings.Fleet.Database!.Where);
    }

    [Fact]
    public void A_file_that_its_owner_alone_reads_is_a_setting_and_may_hold_the_password() => Assert.Equal(
        "db1:5432/dmagents as dmagents", Read(Secret($"# of the fleet\n{Line};Password=secret\n")).Fleet.Database!.Where);

    [Theory]
    [InlineData("Password")]
    [InlineData("PWD")]
    [InlineData("SSL Password")]
    [InlineData("SslPassword")]
    public void A_password_in_the_configuration_is_refused_and_not_repeated(string key)
    {
        var refused = Refused($"{Line};{key}=secret");

        Assert.Contains("dmagents.fleet.database: it holds a password", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_other_users_read_is_a_database_that_is_refused()
    {
        var file = Secret(Line);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Contains($"{file} is open to other users", Unusable(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "has 0 lines besides comments")]
    [InlineData("Host=db1\nHost=db2", "has 2 lines besides comments")]
    [InlineData("Host=db1", "it names no Database")]
    public void A_file_without_a_setting_is_a_database_that_is_refused_by_its_name(string text, string problem)
    {
        var file = Secret(text);

        var refused = Unusable(file);

        Assert.Contains(file, refused, StringComparison.Ordinal);
        Assert.Contains(problem, refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_keeps_no_agent_from_starting() =>
        Assert.Contains("/absent cannot be read", Unusable(_directory + "/absent"), StringComparison.Ordinal);

    private string Secret(string text)
    {
        var file = Path.Combine(_directory, "database");
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private AgentSettings Read(string setting)
    {
        var file = Path.Combine(_directory, "agent.conf");
        File.WriteAllText(file, $"dmagents.fleet.database = \"{setting}\"");
        return SettingsReader.Read(file);
    }

    private string Unusable(string setting)
    {
        var database = Assert.IsType<UnusableDatabase>(Read(setting).Fleet.Database);
        Assert.Equal(setting, database.Where);
        return database.Why;
    }

    private string Refused(string setting) => Assert.Throws<SettingsException>(() => Read(setting)).Message;
}
