using DmAgents.Actors.Fleet.Database;

namespace DmAgents.Actors.Tests.Fleet.Entities;

public sealed class DatabaseSettingTests
{
    private static readonly DateTimeOffset At = EntityFleet.At;

    [Theory]
    [InlineData("Database=d;Username=u", "it names no Host")]
    [InlineData("Host=h;Username=u", "it names no Database")]
    [InlineData("Host=h;Database=d", "it names no Username")]
    [InlineData("Host=h;Database=d;Username=u;Secret=x", "it is not of the form")]
    [InlineData("postgres://u:secret@h/d", "it is not of the form")]
    public void A_setting_that_cannot_be_used_is_named_without_its_secrets(string setting, string problem)
    {
        Assert.False(PostgresDatabase.TryParse(setting, out _, out var said));

        Assert.StartsWith(problem, said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_is_never_shown()
    {
        Assert.True(PostgresDatabase.TryParse(
            "Host=db1;Port=5433;Database=d;Username=u;Password=secret", out var database, out _));

        Assert.Equal("db1:5433/d as u", database.Where);
    }

    [Fact]
    public void It_is_away_since_the_first_failure_whatever_follows()
    {
        var status = DatabaseStatus.Initial("db1", At).AfterReached(At)
            .AfterFailed("refused", At.AddSeconds(5)).AfterFailed("no route", At.AddSeconds(9));

        Assert.Equal((DatabasePhase.Away, At.AddSeconds(5)), (status.Phase, status.Since));
        var refusal = status.RefuseChange("cannot change image", "a")!;
        Assert.Equal(
            "the fleet's database (db1) is away since 2026-01-02 03:04:10Z: no route", refusal.Why);
        Assert.Null(status.AfterReached(At.AddSeconds(10)).RefuseChange("cannot change image", "a"));
    }

    [Fact]
    public void One_that_was_never_reached_is_not_called_away()
    {
        var status = DatabaseStatus.Initial("db1", At).AfterFailed("refused", At.AddSeconds(5));

        Assert.Equal((DatabasePhase.Connecting, At), (status.Phase, status.Since));
    }
}
