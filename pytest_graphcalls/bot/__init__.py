"""The bot under test: delivers notifications to it, records what it does, and asserts how it behaved."""

from __future__ import annotations

from pytest_graphcalls.bot.bot import Bot
from pytest_graphcalls.bot.courier import Courier, Terms
from pytest_graphcalls.bot.forgery import FORGERIES, Forgery
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger

__all__ = ["FORGERIES", "Asked", "Bot", "Courier", "Delivery", "Forgery", "Ledger", "Terms"]
